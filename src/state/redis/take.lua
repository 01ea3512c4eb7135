-- One step: lease, now, expires, session, user, active, takes, and then 5 for each check:
-- kind, subject, limit, amount, `window span`. Answers `E` if Redis was emptied or is being filled, `T` with the
-- generation, provider and call of the binding and what is left of each rate, or `R` with the generation, the place
-- of the check from 0 on, what is used, reserved, when it frees, and of minutes when the first that is used begins.

if not generation or redis.call('EXISTS', NAME .. 'gather') == 1 then return { 'E' } end

local id, now, expires, session, user, active, takes =
  ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6], ARGV[7]

local function refused(place, used, reserved, frees, oldest)
  return { 'R', generation, int(place), int(used), int(reserved), frees, oldest or '' }
end

local looks = {}

function looks.money(subject, limit, amount, extra, place)
  local name, span = string.match(extra, '(%S+) (%S+)')
  local account = money_of(subject)
  local used, reserved = settled(account, name, span), get(account, 'reserved')
  if used + reserved + amount <= limit then return nil end
  local at = five_at(span)
  local start = at and five_hours(account, at)
  local oldest
  if string.sub(span, 1, 1) == 'm' then
    local _, first = range(account, 'm', tonumber(string.sub(span, 3)), past_newest(account, 'm'))
    oldest = first and int(first * 60000)
  end
  return refused(place, used, reserved, start and int(start + FIVE_HOURS) or '', oldest)
end

function looks.requests(subject, limit, _, _, place)
  local used = get(account_of(subject), 'requests')
  if used + 1 > limit then return refused(place, used, 0, '') end
end

function looks.sessions(subject, limit, _, _, place)
  local used = active_sessions(subject, now)
  if session ~= '' and is_active(subject, session, now) then return nil end
  if used + 1 > limit then return refused(place, used, 0, '') end
end

function looks.rpm(subject, limit, _, _, place)
  local rates = rates_of(subject, now)
  if rates.c + 1 > limit then return refused(place, rates.c, 0, leaves(rates.firstc)) end
end

function looks.tpm(subject, limit, amount, _, place)
  local rates = rates_of(subject, now)
  if rates.t + amount > limit then return refused(place, rates.t, 0, leaves(rates.firstt)) end
end

lapse(now)
each_take(takes, function(subject, reset_ms)
  reset(money_of(subject), reset_ms)
end)

if redis.call('EXISTS', lease_key(id)) == 0 then
  for i = 8, #ARGV, 5 do
    local no = looks[ARGV[i]](ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]), ARGV[i + 4], (i - 8) / 5)
    if no then return no end
  end
  hold(id, now, now, expires, takes, session, user, active, true)
end

local provider, call
if session ~= '' then
  provider, call = binding_of(session, now)
  if provider then
    local key = session_key(session)
    local known = redis.call('HMGET', key, 'until', 'ttl')
    redis.call('HSET', key, 'until', int(math.max(tonumber(known[1]), now + tonumber(known[2]))))
    keep_session(session, tonumber(known[2]))
  end
end

local answer = { 'T', generation, provider or '', call or '' }
for i = 8, #ARGV, 5 do
  local kind = ARGV[i]
  if kind == 'rpm' or kind == 'tpm' then
    local rates = rates_of(ARGV[i + 1], now)
    answer[#answer + 1] = int(math.max(tonumber(ARGV[i + 2]) - (kind == 'rpm' and rates.c or rates.t), 0))
  end
end
return answer
