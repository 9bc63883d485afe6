//! Pages join to one list, whatever happens to the registry between them.

use super::*;

#[test]
fn who_stays_is_shown_once_while_others_come_and_go() {
    let scene = Scene::new();
    let mut all: Vec<Offered> = (1..=9)
        .map(|n| {
            let at = json!({"latitude": format!("61.{n}"), "longitude": "21.5"});
            let unit = json!({"coordinates": at, "name": format!("Unit {n}")});
            scene.offers(n, "company", &price(&format!("{}.00", 30 + n % 3)), &unit, &json!({}))
        })
        .collect();
    let (resident, voucher) = scene.client();
    let mine = format!("/v1/vouchers/{voucher}/choices?limit=2");
    let open = format!("/v1/choices?voucher_type={}&limit=2", scene.kind.id);
    let orders = ["", "&order=price", "&order=name", "&order=distance&near=61,21", "&order=earliest_start"];
    for (turn, order) in (0..).zip(orders) {
        for (user, path) in [(&resident.user, &mine), (&scene.world.api.anyone(), &open)] {
            let before: Vec<String> = all.iter().map(|one| one.offering.clone()).collect();
            let (mut seen, mut next) = (Vec::new(), format!("{path}{order}"));
            let mut revisions = Vec::new();
            let gone = &all[turn % all.len()];
            for page in 0.. {
                let shown = user.get(&next).ok();
                seen.extend(offerings(&shown));
                revisions.push(shown["revision"].as_i64().unwrap());
                let Some(cursor) = shown["next"].as_str() else { break };
                next = format!("{path}{order}&cursor={cursor}");
                // Between the pages one closes and opens again.
                let body = json!({"accepts_new_clients": page % 2 == 1});
                gone.provider.user.put_seen(&format!("/v1/offerings/{}", gone.offering), "*", &body).ok();
            }
            let body = json!({"accepts_new_clients": true});
            gone.provider.user.put_seen(&format!("/v1/offerings/{}", gone.offering), "*", &body).ok();
            assert!(revisions.first() < revisions.last(), "{revisions:?}");
            let stays = before.iter().filter(|one| **one != gone.offering);
            for one in stays {
                assert_eq!(seen.iter().filter(|shown| *shown == one).count(), 1, "{order}");
            }
            assert!(seen.iter().filter(|shown| **shown == gone.offering).count() <= 1, "{order}");
        }
    }
    all.clear();
}
