-- What can be seen of a pool, and what of it outlives a restart.

local View = {}

-- How many seats are looked at in one call.
local SEATS = 4000

local STATES = { 'cooling', 'exhausted' }
local OUT_STATES = { 'dead', 'exhausted' }

local function later(one, other)
  if not one or not other then return one or other end
  return other[2] >= one[2] and other or one
end

local function add_cooling(row, model, own, shared)
  local cooling = later(Bucket.cooling(own), Bucket.cooling(shared))
  if cooling then
    row[#row + 1] = { model, STATES[cooling[3]], cooling[1] - SHIFT, cooling[2] - SHIFT }
  end
end

-- How many keys are looked at in one call.
local function seen_at_once(lanes)
  return max(floor(SEATS / (#lanes + 1)), 50)
end

-- Adds a row for each of these keys that is there: { id, in flight, then what keeps it from serving }, each of these
-- { model, state, since, until }.
local function add_rows(rows, lanes, ids)
  local seats = {}
  for at, lane in ipairs(lanes) do seats[at] = call('HMGET', lane.key, unpack(ids)) end
  for place, id in ipairs(ids) do
    local member = Store.member(id)
    if member then
      local row = { id, member.bucket.flying or 0 }
      local out, group = member.out, member.static.g
      if out then row[3] = { false, OUT_STATES[out.r], out.s - SHIFT, out.a - SHIFT } end
      add_cooling(row, false, member.bucket, group and Store.group(group))
      for at, lane in ipairs(lanes) do
        local held = seats[at][place]
        -- Most are not cooling, which shows without reading all of it.
        local seat = held and string.find(held, 'cooling', 1, true) and unpacked(held)
        add_cooling(row, lane.model, seat and seat.b or nil, group and Lane.group(lane, group))
      end
      rows[#rows + 1] = row
    end
  end
  return rows
end

-- Some keys from a place on: where to go on or 0, then the rows.
function View.some(from)
  local lanes = Lane.all()
  local count = seen_at_once(lanes)
  local ids = call('ZRANGE', BASE .. ':order', from, from + count - 1)
  local rows = { #ids == count and from + count or 0 }
  return #ids == 0 and rows or add_rows(rows, lanes, ids)
end

-- The keys that are named from an argument on: how many of them were looked at, then the rows.
function View.look(first)
  local lanes = Lane.all()
  local ids = { unpack(ARGV, first, min(#ARGV, first + seen_at_once(lanes) - 1)) }
  return add_rows({ #ids }, lanes, ids)
end

-- The keys that are out and whose next test is due, in order.
function View.due()
  local due = {}
  for _, id in ipairs(call('SMEMBERS', BASE .. ':out')) do
    local member = Store.member(id)
    if member and member.out and member.out.a <= NOW then
      due[#due + 1] = { id, tonumber(call('ZSCORE', BASE .. ':order', id)) or 0 }
    end
  end
  table.sort(due, function(one, other) return one[2] < other[2] end)
  for at, pair in ipairs(due) do due[at] = pair[1] end
  return due
end

-- Takes up what was known before a restart: each a key, a model, a state, since and until.
function View.restore(first)
  for at = first, #ARGV - 4, 5 do
    local id, model, state = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local since, till = tonumber(ARGV[at + 3]) + SHIFT, tonumber(ARGV[at + 4]) + SHIFT
    local member = Store.member(id)
    if member and state == 'dead' then
      Pool.set_out(member, { r = 1, s = since, a = till, n = 1 })
    elseif member and state ~= 'active' and till > NOW then
      local cooling = { since, till, state == 'cooling' and 1 or 2 }
      if model == '-' then
        Bucket.cool(member.bucket, cooling)
      else
        local seat = Lane.seat(Lane.take(model), id)
        if seat then Bucket.cool(seat.b, cooling) end
      end
    end
  end
end
