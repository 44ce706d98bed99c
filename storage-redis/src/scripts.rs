//! Each write is one script on keys of one slot: it happens whole or not at all.
//!
//! Times are whole seconds on the server's own clock, below 2^53 as everything that Lua counts. Revisions are compared
//! as text; the uses of an initial access token are counted, below 2^32.

use std::sync::LazyLock;

use redis::Cmd;

use crate::layout::Key;

/// A script and its SHA-1, by which the server knows it.
#[derive(Debug)]
pub(crate) struct Script {
    code: &'static str,
    digest: String,
}

impl Script {
    fn new(code: &'static str) -> Self {
        Self { code, digest: redis::Script::new(code).get_hash().to_owned() }
    }

    /// A call by the digest.
    pub(crate) fn by_digest(&self, keys: &[&Key], args: &[&[u8]]) -> Cmd {
        call("EVALSHA", &self.digest, keys, args)
    }

    /// A call that brings the script along, for a server that does not know it (yet, or any more).
    pub(crate) fn whole(&self, keys: &[&Key], args: &[&[u8]]) -> Cmd {
        call("EVAL", self.code, keys, args)
    }
}

fn call(command: &str, script: &str, keys: &[&Key], args: &[&[u8]]) -> Cmd {
    let mut call = redis::cmd(command);
    call.arg(script).arg(keys.len());
    for key in keys {
        call.arg(&key.name);
    }
    for arg in args {
        call.arg(arg);
    }
    call
}

/// Keeps a value under a free key until 15 minutes past `ARGV[1]`, and 15 minutes from now where that is later.
/// 1 if the key was free.
pub(crate) static KEEP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local now = tonumber(redis.call('TIME')[1])
local left = math.max(tonumber(ARGV[1]) - now, 0) + 900
if redis.call('SET', KEYS[1], ARGV[2], 'NX', 'EX', string.format('%.0f', left)) then return 1 end
return 0",
    )
});

/// Puts a value in the place of whatever is there, and keeps it as long as `KEEP` would and as what was there.
/// Writes always, so that whoever waits for replicas waits for this write.
pub(crate) static OVERWRITE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local now = tonumber(redis.call('TIME')[1])
local left = math.max(tonumber(ARGV[1]) - now, 0) + 900
local held = redis.call('PTTL', KEYS[1])
if held == -1 then
  redis.call('SET', KEYS[1], ARGV[2])
else
  left = math.max(left, math.ceil(held / 1000))
  redis.call('SET', KEYS[1], ARGV[2], 'EX', string.format('%.0f', left))
end
return 1",
    )
});

/// Compare and swap: the held text must begin with the expected revision, or be absent for revision 0. 1 if it did.
pub(crate) static REPLACE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('GET', KEYS[1])
local expected = ARGV[1] .. ' '
if held and string.sub(held, 1, #expected) ~= expected then return 0 end
if not held and ARGV[1] ~= '0' then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1",
    )
});

/// 1 if the record's id was free.
pub(crate) static INSERT_RECORD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end
redis.call('ZADD', KEYS[2], 0, ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1",
    )
});

/// 1 if the record was at the expected revision, 0 if at another, -1 if there is none.
pub(crate) static UPDATE_RECORD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HGET', KEYS[1], ARGV[1])
if not held then return -1 end
local expected = ARGV[2] .. ' '
if string.sub(held, 1, #expected) ~= expected then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1",
    )
});

/// Raises the number before the record where it is below `ARGV[2]`. 1 if it was, 0 if not, -1 if there is no record, -2 if
/// it has no number.
pub(crate) static CONSUME: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = redis.call('HGET', KEYS[1], ARGV[1])
if not held then return -1 end
local uses, record = string.match(held, '^(%d+)( .*)$')
uses = tonumber(uses)
if not uses then return -2 end
if uses >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', uses + 1) .. record)
return 1",
    )
});

/// 1 if there was such a record.
pub(crate) static DELETE_RECORD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local gone = redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return gone",
    )
});

/// At most `ARGV[2]` ids in byte order from `ARGV[1]` on, and their records.
pub(crate) static LIST_RECORDS: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local ids = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], '+', 'LIMIT', 0, ARGV[2])
if #ids == 0 then return {ids, ids} end
return {ids, redis.call('HMGET', KEYS[1], unpack(ids))}",
    )
});

/// Keeps for each credential, from `ARGV[1]` on, the later of the time that is held and the one that comes after it.
/// What is older than 401 days goes, and all of it 401 days after the last call.
pub(crate) static TOUCH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "for i = 1, #ARGV, 2 do
  local held = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '') or -1
  if tonumber(ARGV[i + 1]) > held then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
local long_ago = tonumber(redis.call('TIME')[1]) - 34646400
local held = redis.call('HGETALL', KEYS[1])
for i = 1, #held, 2 do
  if (tonumber(held[i + 1]) or -1) < long_ago then redis.call('HDEL', KEYS[1], held[i]) end
end
redis.call('EXPIRE', KEYS[1], 34646400)
return 1",
    )
});

/// Credentials and times, in turn.
pub(crate) static LAST_USED: LazyLock<Script> =
    LazyLock::new(|| Script::new("return redis.call('HGETALL', KEYS[1])"));

/// Removes the key.
pub(crate) static FORGET_USES: LazyLock<Script> =
    LazyLock::new(|| Script::new("return redis.call('DEL', KEYS[1])"));

/// What both scripts of the rate limiter begin with. A bucket is a key that lives until it is full again: no key is a full
/// one, and what is left of its life is what is missing, in milliseconds. So there is nothing to store and nothing to
/// clear away. Where the server's clock was set back or the budget made smaller, no more is missing than all of it.
macro_rules! bucket {
    ($rest:literal) => {
        concat!(
            "local function keep(key, missing)
  redis.call('SET', key, '1', 'PX', string.format('%.0f', missing))
end
local function missing(key, whole)
  local left = math.max(redis.call('PTTL', key), 0)
  if left <= whole then return left end
  keep(key, whole)
  return whole
end
",
            $rest
        )
    };
}

/// For how many milliseconds nobody is admitted; 0 where this attempt is, and then it has cost one of the attempts.
/// `KEYS` and, in turn, bursts and milliseconds for one more in `ARGV` are those of failures and of attempts; a burst of 0
/// is no limit.
pub(crate) static ADMIT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(bucket!(
        "local wait, attempts = 0, 0
for i = 1, 2 do
  local burst, every = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  if burst > 0 then
    local gone = missing(KEYS[i], burst * every)
    wait = math.max(wait, gone + every - burst * every)
    if i == 2 then attempts = gone + every end
  end
end
if wait == 0 and attempts > 0 then keep(KEYS[2], attempts) end
return wait"
    ))
});

/// Takes one of the failures, or what is left of one: there is no debt.
pub(crate) static PENALISE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(bucket!(
        "local every = tonumber(ARGV[2])
local whole = tonumber(ARGV[1]) * every
keep(KEYS[1], math.min(missing(KEYS[1], whole) + every, whole))
return 1"
    ))
});
