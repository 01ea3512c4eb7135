-- What a subject has used: subject, now, spans. Answers reserved, when the five hours began, requests, sessions, calls
-- and tokens of the last minute and when the first of each leave, and for each span what is settled and when its first bucket begins.

if not generation then return false end

local subject, now = ARGV[1], tonumber(ARGV[2])
lapse(now)
local account, rates = money_of(subject), rates_of(subject, now)
local start = five_hours(account, now)
local answer = {
  int(get(account, 'reserved')), start and int(start) or '', int(get(account, 'requests')),
  int(active_sessions(subject, now)), int(rates.c), int(rates.t), leaves(rates.firstc), leaves(rates.firstt),
}
for i = 3, #ARGV do
  local sum, first = 0, ''
  if ARGV[i] == 'all' then
    sum = get(account, 'total')
  else
    local unit, from = parts_of(account, ARGV[i])
    if unit then
      local bucket
      sum, bucket = range(account, unit, from, past_newest(account, unit))
      first = bucket and int(bucket * UNITS[unit].ms) or ''
    end
  end
  answer[#answer + 1] = int(sum)
  answer[#answer + 1] = first
end
return answer
