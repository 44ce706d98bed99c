//! Brakes on guessing, as the server has them by default.

use oauth2::AuthType;

use crate::program::{ADAPTERS, Program, config, run};
use crate::storage::issuer::{Issuer, Kind};
use crate::tokens::{demo_secrets, http, token};

/// Status and Retry-After of a request with this secret.
async fn asked(program: &Program, id: &str, secret: &str) -> (u16, Option<u64>) {
    let request = http().post(program.token_url()).basic_auth(id, Some(secret));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body("grant_type=client_credentials").send().await.expect("an answer");
    let wait = answer.headers().get("retry-after").map(|wait| wait.to_str().expect("ASCII"));
    (answer.status().as_u16(), wait.map(|wait| wait.parse().expect("seconds")))
}

/// How many failed before one was braked, and what it was told to wait.
async fn until_braked(program: &Program, id: &str) -> (usize, u64) {
    for failed in 0..500 {
        match asked(program, id, "wrong").await {
            (401, None) => {}
            (429, Some(wait)) => return (failed, wait),
            other => panic!("{other:?}"),
        }
    }
    panic!("never braked");
}

#[tokio::test]
async fn t55_who_guesses_is_429_with_retry_after_and_another_client_from_there_is_served() {
    for adapter in ADAPTERS {
        let program = Program::start(&["--adapter", adapter], &[]);
        let line = "\nrate limit      of a client id from one network: 20 failures, then one every 1 second; \
                    counted in this process\n";
        assert!(program.printed.contains(line), "{}", program.printed);
        let (failed, wait) = until_braked(&program, "demo-basic").await;
        assert!(failed >= 20, "one more for each second that it took: {failed}");
        assert_eq!(wait, 1);
        let post = ("demo-post", demo_secrets(&program).1);
        token(&program, post, AuthType::RequestBody, "read").await.expect("a token");
    }
}

#[tokio::test]
async fn t55_the_file_says_how_many_and_off_is_off() {
    let config = config(
        "[rate_limit]\nfailures = { burst = 3, every = \"1h\" }\nattempts = { burst = 100, every = 60 }\n",
    );
    let program = Program::start(&["--config", &config], &[]);
    let line =
        "one network: 3 failures, then one every 1 hour; 100 attempts, then one every 1 minute; counted";
    assert!(program.printed.contains(line), "{}", program.printed);
    let (failed, wait) = until_braked(&program, "demo-basic").await;
    assert!(failed == 3 && (3000..=3600).contains(&wait), "{failed} failures, then {wait} s");
    assert_eq!(asked(&program, "demo-basic", demo_secrets(&program).0).await.0, 429);

    for (arguments, environment) in
        [(&["--rate-limit", "off"][..], &[][..]), (&[], &[("GRANTOR_RATE_LIMIT", "off")])]
    {
        let program = Program::start(&[arguments, &["--config", &config]].concat(), environment);
        assert!(program.printed.contains("\nrate limit      off\n"), "{}", program.printed);
        for _ in 0..30 {
            assert_eq!(asked(&program, "demo-basic", "wrong").await, (401, None));
        }
    }
}

#[test]
fn t55_a_limit_that_is_none_is_refused_with_the_remedy() {
    let output = run(&["--rate-limit", "successes"], &[]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && text.contains("write failures or off"), "{text}");
    for (text, parts) in [
        ("failures = { burst = 0, every = \"1s\" }", ["rate_limit.failures.burst", "from 1 on"]),
        ("attempts = { burst = 1, every = 0 }", ["rate_limit.attempts.every", "from \"1s\" to \"1d\""]),
        ("failures = { burst = 1, every = \"2d\" }", ["rate_limit.failures.every", "from \"1s\" to \"1d\""]),
        ("failures = { burst = 1 }", ["rate_limit.failures.every", "missing"]),
        (
            "successes = { burst = 1, every = 1 }",
            ["rate_limit.successes", "known here: failures or attempts"],
        ),
    ] {
        let output = run(&["--config", &config(&format!("[rate_limit]\n{text}\n"))], &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}: {said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{text}: {said}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: bash .ci/test starts them"]
async fn t55_on_redis_all_servers_count_together_and_without_it_nobody_is_braked() {
    let issuer = Issuer::new(Kind::Both);
    let shop = "shop";
    issuer.command(&["clients", "create", "--id", shop, "--scope", "read"]);
    let start = || Program::start(&issuer.flags(), &[]);
    let servers = [start(), start()];
    assert!(servers[0].printed.contains("then one every 1 second; counted in Redis\n"));
    until_braked(&servers[0], shop).await;
    // The two share a second, in which one more may fail.
    let (failed, _) = until_braked(&servers[1], shop).await;
    assert!(failed <= 5, "{failed} more at the other server");
    issuer.servers.crash("redis");
    let [mut server, _] = servers;
    for _ in 0..30 {
        assert_eq!(asked(&server, shop, "wrong").await, (401, None), "an outage brakes nobody");
    }
    server.wait_for_log("the rate limiter failed");
    issuer.servers.resume("redis");
    until_braked(&server, shop).await;
}
