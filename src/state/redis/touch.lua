-- Keeps the counters of these subjects from expiring.

for _, subject in ipairs(ARGV) do
  redis.call('PEXPIRE', NAME .. 's:' .. subject, ACCOUNT_TTL)
end
return 1
