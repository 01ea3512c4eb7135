-- The queue of users' messages at a provider: the same algorithm as src/state/memory/queue.rs. It stands apart from the
-- counters: a Redis that was emptied has no queue, and nobody needs to fill it.
--   ask   provider holder turn gap ticket: answers 0 for "yours", the milliseconds to wait for whoever is next, and where
--         nobody knows these its place in the line, below zero: -1 is next
--   renew provider holder turn: answers 0; a turn that is not held is not taken
--   leave provider holder was_sent gap: answers 0
-- Times are those of Redis, in milliseconds.

local kind, provider, holder = ARGV[1], ARGV[2], ARGV[3]
local key = '{sy}:q:' .. provider
local tickets, asked = key .. ':tickets', key .. ':asked'
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function int(n)
  return string.format('%.0f', n)
end

local function forget(ticket)
  redis.call('ZREM', tickets, ticket)
  redis.call('ZREM', asked, ticket)
end

local known = redis.call('HMGET', key, 'holder', 'until', 'sent')
local turn = known[1] and tonumber(known[2]) > now and known[1]

if kind == 'leave' then
  forget(holder)
  if turn == holder then
    redis.call('HDEL', key, 'holder', 'until')
    if ARGV[4] == '1' then
      redis.call('HSET', key, 'sent', int(now))
      redis.call('PEXPIRE', key, ARGV[5])
    end
  end
  return 0
end

local turn_ms = tonumber(ARGV[4])

local function take()
  redis.call('HSET', key, 'holder', holder, 'until', int(now + turn_ms))
  redis.call('PEXPIRE', key, int(turn_ms + 120000))
  return 0
end

if kind == 'renew' then
  if turn == holder then take() end
  return 0
end

local gap, ticket_ms = tonumber(ARGV[5]), tonumber(ARGV[6])
for _, late in ipairs(redis.call('ZRANGEBYSCORE', asked, '-inf', int(now - ticket_ms))) do forget(late) end
if turn == holder then return take() end

if not redis.call('ZSCORE', tickets, holder) then
  redis.call('ZADD', tickets, redis.call('HINCRBY', key, 'n', 1), holder)
end
redis.call('ZADD', asked, int(now), holder)
for _, name in ipairs({ key, tickets, asked }) do
  if redis.call('PTTL', name) < 120000 then redis.call('PEXPIRE', name, 120000) end
end
local n_before = redis.call('ZRANK', tickets, holder)
if turn or n_before > 0 then return -1 - n_before end
local left = known[3] and tonumber(known[3]) + gap - now or 0
if left > 0 then return left end
forget(holder)
return take()
