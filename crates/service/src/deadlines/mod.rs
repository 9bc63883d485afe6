//! What days bring about by themselves: reminders, and what begins or ends. Told once, by whichever process comes first.
