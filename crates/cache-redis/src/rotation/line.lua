-- The keys of one lane and tier that may be asked now, in the order in which they are: a sorted set, of which the front is read
-- ahead, and in which what moves is written once at the end of the call.

-- How many are read at once, at the least and at the most.
local FEW, MANY = 2, 64
-- How many keys this call may take.
local WANTED = 0

local function id_of(member)
  return string.match(member, '.*:(.*)')
end

function Line.open(lane, tier)
  local line = lane.lines[tier]
  if line then return line end
  -- What was read begins at a rank; it is all that there is where it `is_whole`.
  line = { lane = lane, key = lane.key .. ':t:' .. tier, front = {}, first = 0, is_whole = false, ahead = FEW, moved = {} }
  lane.lines[tier] = line
  return line
end

local function is_before(score, member, other)
  return score < other.score or (score == other.score and member < other.member)
end

local function forget_front(line)
  line.front, line.first, line.is_whole = {}, 0, false
end

-- Writes what has moved.
function Line.write(line)
  if next(line.moved) == nil then return end
  local places = {}
  for member, score in pairs(line.moved) do places[#places + 1], places[#places + 2] = score, member end
  line.moved = {}
  call_in_chunks('ZADD', line.key, places)
end

-- The key at a rank, from 0 on; nil where there is none.
function Line.at(line, rank)
  local held = line.front[rank - line.first + 1]
  if held and rank >= line.first then return held.id end
  if line.is_whole and rank >= line.first then return nil end
  Line.write(line)
  local ahead = max(line.ahead, min(WANTED, MANY))
  line.ahead = min(ahead * 2, MANY)
  local read, front, ids = call('ZRANGE', line.key, rank, rank + ahead - 1, 'WITHSCORES'), {}, {}
  for at = 1, #read, 2 do
    local id = id_of(read[at])
    front[#front + 1] = { id = id, member = read[at], score = tonumber(read[at + 1]) }
    ids[#ids + 1] = id
  end
  Lane.load(line.lane, ids)
  line.front, line.first, line.is_whole = front, rank, #front < ahead
  return ids[1]
end

-- How many have a score up to this one.
function Line.count(line, score)
  Line.write(line)
  return call('ZCOUNT', line.key, '-inf', score)
end

local function take_from_front(line, member)
  for at, held in ipairs(line.front) do
    if held.member == member then
      table.remove(line.front, at)
      return
    end
  end
  -- It was before or after what was read.
  if line.first > 0 then forget_front(line) end
end

-- Puts a key's member at a score; it may be there at another.
function Line.put(line, id, score, member)
  line.moved[member] = score
  take_from_front(line, member)
  local front = line.front
  local place = #front
  -- Most go to the end.
  while place > 0 and is_before(score, member, front[place]) do place = place - 1 end
  if place == 0 and line.first > 0 then
    forget_front(line)
  elseif place < #front or line.is_whole then
    table.insert(front, place + 1, { id = id, member = member, score = score })
  end
end

function Line.remove(line, member)
  line.moved[member] = nil
  take_from_front(line, member)
  call('ZREM', line.key, member)
end

function Line.all(line)
  Line.write(line)
  return call('ZRANGE', line.key, 0, -1)
end

-- Puts many at once, each a score and a member.
function Line.put_all(line, places)
  Line.write(line)
  forget_front(line)
  call_in_chunks('ZADD', line.key, places)
end

function Line.forget(line)
  line.moved = {}
  forget_front(line)
  call('UNLINK', line.key)
end
