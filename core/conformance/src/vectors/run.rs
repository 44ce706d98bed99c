//! Each vector, step by step.

use std::collections::BTreeMap;
use std::io;

use grantor::store::ClientRegistry;
use grantor::{AssertionAlgorithm, AuthorizationServer, Stores};

use super::document::{Expected, FILES, Step, Vector, WholeAnswer, World, answers, read};
use super::names::Names;
use super::world::{StandingClock, build};
use super::{Answer, Request};
use crate::broken::{Broken, Promise};

const ALIKE: Promise = Promise::new(
    "a request gets the same answer over every adapter, to the byte",
    "clients are written against the answers, and an adapter that changes one changes the protocol",
);

/// Runs every vector, each on a store that `fresh` makes, and asks its server by `exchange`: for core itself that is
/// [`Request::ask`], for an adapter [`Request::send`] to where it serves.
///
/// # Errors
///
/// Every answer that was another one.
pub async fn check<S>(
    fresh: impl Fn() -> S,
    exchange: impl AsyncFn(&AuthorizationServer, &Request) -> io::Result<Answer>,
) -> Result<(), Broken>
where
    S: ClientRegistry + Clone + Into<Stores>,
{
    check_named("", fresh, exchange).await
}

/// As [`check`], of the vectors whose name begins so. There must be one.
///
/// # Errors
///
/// Every answer that was another one, or that no vector has such a name.
pub async fn check_named<S>(
    start: &str,
    fresh: impl Fn() -> S,
    exchange: impl AsyncFn(&AuthorizationServer, &Request) -> io::Result<Answer>,
) -> Result<(), Broken>
where
    S: ClientRegistry + Clone + Into<Stores>,
{
    let answers = answers().map_err(|error| ALIKE.broken(error))?;
    let (mut asked, mut differences) = (false, Vec::new());
    for (name, text) in FILES {
        let file = read(name, text).map_err(|error| ALIKE.broken(error))?;
        for vector in file.vectors.iter().filter(|vector| vector.name.starts_with(start)) {
            asked = true;
            if let Err(difference) = run(&file.world, vector, fresh(), &answers, &exchange).await {
                differences.push(format!("{name}, {}: {difference}", vector.name));
            }
        }
    }
    ALIKE.holds(asked, || format!("no vector has a name that begins with {start}"))?;
    ALIKE.holds(differences.is_empty(), || differences.join("\n    "))
}

async fn run<S>(
    world: &World,
    vector: &Vector,
    store: S,
    answers: &BTreeMap<String, WholeAnswer>,
    exchange: &impl AsyncFn(&AuthorizationServer, &Request) -> io::Result<Answer>,
) -> Result<(), String>
where
    S: ClientRegistry + Clone + Into<Stores>,
{
    let (server, clock) = build(world, vector, store).await?;
    let mut names = Names::default();
    let algorithms: Vec<_> =
        AssertionAlgorithm::all().map(|algorithm| format!("\"{}\"", algorithm.as_str())).collect();
    names.learn("assertion_algorithms", &algorithms.join(","));
    for (at, step) in vector.steps.iter().enumerate() {
        let taken = take(step, &server, &clock, &mut names, answers, exchange).await;
        taken.map_err(|difference| format!("step {}: {difference}", at + 1))?;
    }
    Ok(())
}

async fn take(
    step: &Step,
    server: &AuthorizationServer,
    clock: &StandingClock,
    names: &mut Names,
    answers: &BTreeMap<String, WholeAnswer>,
    exchange: &impl AsyncFn(&AuthorizationServer, &Request) -> io::Result<Answer>,
) -> Result<(), String> {
    clock.advance(step.after);
    let expected = match &step.answer {
        Expected::Whole(answer) => answer,
        Expected::Named(name) => answers.get(name).ok_or_else(|| format!("no answer has the name {name}"))?,
    };
    let request = step.request(names)?;
    for (name, text) in &step.shows {
        names.learn(name, text);
    }
    let answer = exchange(server, &request).await.map_err(|error| error.to_string())?;
    expected.is_met(&answer, request.method == "HEAD", names)
}

impl Step {
    fn request(&self, names: &Names) -> Result<Request, String> {
        let (method, target) = self.request.split_once(' ').ok_or("a request is a method and a target")?;
        let mut headers = Vec::new();
        for line in &self.headers {
            let (name, value) = line.split_once(": ").ok_or_else(|| format!("no header: {line}"))?;
            headers.push((name.to_owned(), names.fill(value)?));
        }
        if self.form.is_some() {
            headers.push(("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        }
        let body = names.fill(self.form.as_ref().or(self.body.as_ref()).map_or("", String::as_str))?;
        Ok(Request {
            method: method.to_owned(),
            target: names.fill(target)?,
            headers,
            body: body.into_bytes(),
        })
    }
}

impl WholeAnswer {
    fn is_met(&self, answer: &Answer, without_body: bool, names: &mut Names) -> Result<(), String> {
        let headers: Option<Vec<_>> = self.headers.iter().map(|line| line.split_once(": ")).collect();
        let expected = Answer::new(
            self.status,
            headers.ok_or("a header of the answer has no value")?,
            self.body.clone(),
        );
        let names_of =
            |answer: &Answer| answer.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        if answer.status != expected.status || names_of(answer) != names_of(&expected) {
            return Err(format!("expected {expected:?}\n      but got {answer:?}"));
        }
        for ((name, expected), (_, value)) in expected.headers.iter().zip(&answer.headers) {
            names.meet(expected, value).map_err(|difference| format!("{name}: {difference}"))?;
        }
        let body = str::from_utf8(&answer.body).map_err(|_| format!("not UTF-8: {answer:?}"))?;
        names.meet(if without_body { "" } else { &self.body }, body)
    }
}
