-- The end of filling: generation, how long other replicas are waited for, how long it lasts without being touched, and
-- what holds the lock. Answers 1, or 0 if somebody else holds the lock by now.

local lock, sentinel, gather = NAME .. 'lock', NAME .. 'sentinel', NAME .. 'gather'
if redis.call('GET', lock) ~= ARGV[4] then return 0 end
redis.call('SET', gather, '1', 'PX', ARGV[2])
redis.call('SET', sentinel, ARGV[1], 'PX', ARGV[3])
redis.call('DEL', lock)
return 1
