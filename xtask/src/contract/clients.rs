//! Clients in TypeScript and Python: generated from the document, and compiled with a program that uses them. What they are
//! of does not concern this file; the programs are in `contract/typescript` and `contract/python`.

use std::fs;
use std::path::Path;

use super::changes::DOCUMENT;
use super::tools::{copy, empty, node, node_folder, python, python_folder};
use crate::process::{Result, root, run};

/// Generates the types and compiles a program that calls by them.
pub(super) fn typescript() -> Result<()> {
    let folder = node_folder().join("typescript");
    empty(&folder)?;
    for file in ["client.ts", "tsconfig.json"] {
        copy(&format!("contract/typescript/{file}"), &folder.join(file))?;
    }
    let options = ["--alphabetize", "--empty-objects-unknown", "--output", "typescript/valinta.ts"];
    run(node("openapi-typescript").arg(root().join(DOCUMENT)).args(options))?;
    run(node("tsc").args(["--project", "typescript/tsconfig.json"]))
}

/// Generates the package; compiles, checks and imports all of it and a program that calls by it.
pub(super) fn python_client() -> Result<()> {
    let folder = python_folder().join("client");
    empty(&folder)?;
    for file in ["client.py", "generator.yaml", "mypy.ini"] {
        copy(&format!("contract/python/{file}"), &folder.join(file))?;
    }
    let generate = ["generate", "--meta", "none", "--output-path", "valinta_client", "--config", "generator.yaml"];
    // Whatever the generator cannot express, it leaves out with a warning: that is a failure.
    let strict = ["--fail-on-warning", "--path"];
    run(python("openapi-python-client").args(generate).args(strict).arg(root().join(DOCUMENT)).current_dir(&folder))?;
    run(python("python").args(["-m", "compileall", "-q", "valinta_client", "client.py"]).current_dir(&folder))?;
    run(python("mypy").args(["--config-file", "mypy.ini", "valinta_client", "client.py"]).current_dir(&folder))?;
    let modules = modules(&folder.join("valinta_client"), "valinta_client")?;
    println!("importing {} modules", modules.len());
    let all = modules.iter().map(|module| format!("import {module}\n")).collect::<String>();
    fs::write(folder.join("everything.py"), all).map_err(|e| format!("everything.py: {e}"))?;
    run(python("python").args(["-c", "import client, everything"]).current_dir(&folder))
}

/// Every module of a package, by name.
fn modules(folder: &Path, package: &str) -> Result<Vec<String>> {
    let told = |e: std::io::Error| format!("{}: {e}", folder.display());
    let mut found = vec![package.to_owned()];
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        if path.is_dir() && path.join("__init__.py").is_file() {
            found.extend(modules(&path, &format!("{package}.{name}"))?);
        } else if path.extension().is_some_and(|ending| ending == "py") && name != "__init__" {
            found.push(format!("{package}.{name}"));
        }
    }
    found.sort();
    Ok(found)
}
