-- The lock of whoever fills: what holds it, and for how long from now on; 0 gives it back. Answers 1, or 0 if somebody
-- else holds it by now.

local lock = NAME .. 'lock'
if redis.call('GET', lock) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then redis.call('DEL', lock) else redis.call('PEXPIRE', lock, ARGV[2]) end
return 1
