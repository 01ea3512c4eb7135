-- Leases that are still held: now, expires, leases. Answers those that are not known, or nothing if Redis was emptied.

if not generation then return false end

local now, expires = tonumber(ARGV[1]), tonumber(ARGV[2])
local unknown = {}
for i = 3, #ARGV do
  local key = lease_key(ARGV[i])
  local known = redis.call('HMGET', key, 'takes', 'session', 'closed')
  if known[1] and not known[3] then
    redis.call('ZADD', LEASES, int(expires), ARGV[i])
    redis.call('PEXPIRE', key, LEASE_TTL)
    if known[2] ~= '' then keep_session(known[2], 0) end
  else
    unknown[#unknown + 1] = ARGV[i]
  end
end
lapse(now)
return unknown
