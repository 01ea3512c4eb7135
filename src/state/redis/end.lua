-- Ends a session: session, now. Answers 1 if it was active or bound.

if not generation then return false end

local session, now = ARGV[1], tonumber(ARGV[2])
local key = session_key(session)
local was_there = binding_of(session, now) ~= nil
for _, field in ipairs(redis.call('HKEYS', key)) do
  local subject = string.match(field, '^at:(.+)$')
  if subject then
    if is_active(subject, session, now) then was_there = true end
    redis.call('ZREM', idle_key(subject), session)
    local running = redis.call('HGET', busy_key(subject), session)
    if running then
      redis.call('HSET', busy_key(subject), session, string.match(running, '%d+') .. ' 0')
    else
      redis.call('HDEL', key, field)
      if is_own_key(subject, session) then redis.call('ZREM', ALL, session) end
    end
  end
end
if was_there then
  redis.call('HDEL', key, 'provider', 'call', 'until', 'ttl')
  redis.call('HSET', key, 'ended', int(now))
  keep_session(session, 0)
end
return was_there and 1 or 0
