-- A page of the active sessions: now, how many to leave out, how many. Answers 8 for each: session, user, when it
-- began, when it was seen, calls, calls that run, provider, call that bound it.

if not generation then return false end

local now, skip, n = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local answer = {}
for _, session in ipairs(redis.call('ZREVRANGEBYSCORE', ALL, '+inf', '(' .. int(now), 'LIMIT', skip, n)) do
  local known = redis.call('HMGET', session_key(session), 'user', 'began', 'seen', 'calls')
  local running = redis.call('HGET', busy_key('key:' .. string.match(session, '^%d+')), session)
  local provider, call = binding_of(session, now)
  local n_running = running and string.match(running, '%d+') or '0'
  for _, part in ipairs({ session, known[1] or '0', known[2] or '0', known[3] or '0', known[4] or '0', n_running,
    provider or '', call or '' }) do
    answer[#answer + 1] = part
  end
end
return answer
