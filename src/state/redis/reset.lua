-- Forgets what calls have cost that began before a reset: subject, reset.

if not generation then return false end
reset(money_of(ARGV[1]), tonumber(ARGV[2]))
return 1
