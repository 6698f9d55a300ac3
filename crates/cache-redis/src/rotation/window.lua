-- How much was used lately: { length, requests, tokens, then of the newest entry its time, requests and tokens, the time of the
-- oldest, how many older ones there are, and these as one text }. What is read most is in the clear: the older entries are
-- unpacked only when one of them leaves, is joined or is taken back.

local Window = {}

-- How many entries a window keeps; beyond, neighbours are joined at the later time.
local ENTRIES = 24
-- Of a window that has so many, what is sent within so small a part of it is of one time.
local SLOTS = 512
local LENGTH, REQUESTS, TOKENS, AT_LAST, LAST_REQUESTS, LAST_TOKENS, AT_FIRST, OLDER, TEXT = 1, 2, 3, 4, 5, 6, 7, 8, 9

function Window.new(length)
  return { length, 0, 0, false, 0, 0, false, 0, '' }
end

-- All entries, each a time, requests and tokens.
local function entries_of(w)
  local list = w[OLDER] > 0 and { unpacked(w[TEXT]) } or {}
  if w[AT_LAST] then
    local count = #list
    list[count + 1], list[count + 2], list[count + 3] = w[AT_LAST], w[LAST_REQUESTS], w[LAST_TOKENS]
  end
  return list
end

-- Keeps the entries from one place in a list to another.
local function keep(w, list, first, last)
  if last < first then
    w[AT_LAST], w[LAST_REQUESTS], w[LAST_TOKENS], w[AT_FIRST], w[OLDER], w[TEXT] = false, 0, 0, false, 0, ''
    return
  end
  w[AT_LAST], w[LAST_REQUESTS], w[LAST_TOKENS] = list[last - 2], list[last - 1], list[last]
  w[AT_FIRST], w[OLDER] = list[first], (last - 2 - first) / 3
  w[TEXT] = w[OLDER] > 0 and pack(unpack(list, first, last - 3)) or ''
end

function Window.expire(w)
  if not w[AT_LAST] then return end
  local begun, finish = NOW - w[LENGTH], NOW + w[LENGTH]
  -- After a clock that jumped back, nothing may count for longer than the window is long.
  if w[AT_FIRST] > begun and w[AT_LAST] <= finish then return end
  local list = entries_of(w)
  local first, last = 1, #list
  while first <= last and list[first] <= begun do
    w[REQUESTS], w[TOKENS] = max(w[REQUESTS] - list[first + 1], 0), max(w[TOKENS] - list[first + 2], 0)
    first = first + 3
  end
  while first <= last and list[last - 2] > finish do
    w[REQUESTS], w[TOKENS] = max(w[REQUESTS] - list[last - 1], 0), max(w[TOKENS] - list[last], 0)
    last = last - 3
  end
  keep(w, list, first, last)
end

local function join_closest(w)
  local list = entries_of(w)
  local closest, gap, count = 1, math.huge, #list
  for at = 1, count - 5, 3 do
    if list[at + 3] - list[at] < gap then closest, gap = at, list[at + 3] - list[at] end
  end
  list[closest] = max(list[closest], list[closest + 3])
  list[closest + 1] = list[closest + 1] + list[closest + 4]
  list[closest + 2] = min(list[closest + 2] + list[closest + 5], U32)
  for place = closest + 3, count - 3 do list[place] = list[place + 3] end
  keep(w, list, 1, count - 3)
end

function Window.add(w, requests, tokens)
  Window.expire(w)
  w[REQUESTS], w[TOKENS] = w[REQUESTS] + requests, w[TOKENS] + tokens
  local last = w[AT_LAST]
  -- Entries stay in order even when the clock does not.
  if last and last >= NOW then
    w[LAST_REQUESTS], w[LAST_TOKENS] = w[LAST_REQUESTS] + requests, min(w[LAST_TOKENS] + tokens, U32)
    return
  end
  local at = NOW
  if last then
    if w[OLDER] + 1 == ENTRIES then
      join_closest(w)
      at = at + floor(w[LENGTH] / SLOTS)
    end
    w[TEXT] = w[TEXT] .. pack(w[AT_LAST], w[LAST_REQUESTS], w[LAST_TOKENS])
    w[OLDER] = w[OLDER] + 1
  else
    w[AT_FIRST] = at
  end
  w[AT_LAST], w[LAST_REQUESTS], w[LAST_TOKENS] = at, requests, tokens
end

-- Takes back a part of what was counted, the newest first.
function Window.take_back(w, requests, tokens)
  local list = entries_of(w)
  local last = #list
  for at = last - 2, 1, -3 do
    local some_requests, some_tokens = min(requests, list[at + 1]), min(tokens, list[at + 2])
    list[at + 1], list[at + 2] = list[at + 1] - some_requests, list[at + 2] - some_tokens
    w[REQUESTS], w[TOKENS] = w[REQUESTS] - some_requests, w[TOKENS] - some_tokens
    requests, tokens = requests - some_requests, tokens - some_tokens
    if requests == 0 and tokens == 0 then break end
  end
  while last > 0 and list[last - 1] == 0 and list[last] == 0 do last = last - 3 end
  keep(w, list, 1, last)
end

function Window.requests(w)
  Window.expire(w)
  return w[REQUESTS]
end

-- The first time at which so much has left the window; `offset` is 1 for requests and 2 for tokens.
local function after_leaving(w, much, offset)
  local list, left = entries_of(w), 0
  for at = 1, #list, 3 do
    left = left + list[at + offset]
    if left >= much then return max(list[at] + w[LENGTH], NOW) end
  end
  return NOW + w[LENGTH]
end

-- The first time, from now on, at which one request more makes no more than `limit`.
function Window.room_for_request(w, limit)
  Window.expire(w)
  local over = w[REQUESTS] + 1 - limit
  if over <= 0 then return NOW end
  return after_leaving(w, over, 1)
end

-- The same for tokens. What is larger than the whole limit has room in an empty window.
function Window.room_for_tokens(w, tokens, limit)
  Window.expire(w)
  local over = min(max(w[TOKENS] + tokens - limit, 0), w[TOKENS])
  if over == 0 then return NOW end
  return after_leaving(w, over, 2)
end
