//! What both adapters run behind the requests changes the keys, also where nobody asks for anything.

use std::collections::HashSet;

use crate::program::{ADAPTERS, Program, between, config};

#[test]
fn s7_maintenance_rotates_on_both_adapters_without_a_request() {
    let text = r#"
        clock_skew = "0s"
        [keys]
        rotate_every = "2s"
        propagation = "1s"
        [[resources]]
        uri = "https://api.example.com"
        lifetime = "4s"
    "#;
    for adapter in ADAPTERS {
        let mut server = Program::start(&["--adapter", adapter, "--config", &config(text)], &[]);
        assert!(
            server.printed.contains("keys rotate every 2 seconds, each published 1 second before it signs\n")
        );
        let mut kids = HashSet::new();
        while kids.len() < 2 {
            server.wait_for_log("signing key scheduled");
            let line = server.seen().lines().last().expect("a line");
            kids.insert(between(line, "kid=", " ").to_owned());
        }
    }
}

#[test]
fn s7_the_start_says_how_often_keys_change() {
    let server = Program::start(&[], &[]);
    assert!(server.printed.contains("keys rotate every 90 days, each published 1 day before it signs\n"));
}
