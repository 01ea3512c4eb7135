-- What the ledger says of one subject: generation, subject, reset, total, start of the five hours or nothing, and then
-- 3 for each bucket: unit, bucket, nano-dollars.

generation = ARGV[1]
local account = account_of(ARGV[2])
local reset_ms = tonumber(ARGV[3])
forget(account)
set(account, 'generation', generation)
if reset_ms < get(account, 'reset') then return 0 end
set(account, 'reset', int(reset_ms))
set(account, 'total', ARGV[4])
if ARGV[5] ~= '' then set(account, 'five', int(math.floor(tonumber(ARGV[5]) / 60000) * 60000)) end

local newest, days = 0, {}
for i = 6, #ARGV, 3 do
  local of, bucket = UNITS[ARGV[i]], tonumber(ARGV[i + 1])
  local key = days_key(account, ARGV[i], math.floor(bucket / of.per_day))
  redis.call('HSET', key, ARGV[i + 1], ARGV[i + 2])
  days[key] = of.ttl
  newest = math.max(newest, math.floor((bucket + 1) * of.ms / 60000) - 1)
end
for key, ttl in pairs(days) do redis.call('PEXPIRE', key, ttl) end
set(account, 'newest', int(newest))
return 1
