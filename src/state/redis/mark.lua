-- Attempts that the ledger's sums hold already: generation, attempts. They are not counted again.

for i = 2, #ARGV do
  redis.call('SET', NAME .. 'd:' .. ARGV[1] .. ':' .. ARGV[i], '1', 'PX', DAY)
end
return 1
