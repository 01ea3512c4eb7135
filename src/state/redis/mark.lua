-- Attempts that the ledger's sums hold already: generation, how long they may be told again, attempts. They are not counted
-- again.

for i = 3, #ARGV do
  redis.call('SET', NAME .. 'd:' .. ARGV[1] .. ':' .. ARGV[i], '1', 'PX', ARGV[2])
end
return 1
