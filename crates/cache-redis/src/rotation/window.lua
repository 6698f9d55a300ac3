-- How much was used lately: { length, requests, tokens, then for each entry its time, requests and tokens }.

local Window = {}

-- How many entries a window keeps; beyond, neighbours are joined at the later time.
local ENTRIES = 24

function Window.new(length)
  return { length, 0, 0 }
end

function Window.expire(w)
  local begun, finish, count, at = NOW - w[1], NOW + w[1], #w, 4
  while at <= count and w[at] <= begun do
    w[2], w[3] = max(w[2] - w[at + 1], 0), max(w[3] - w[at + 2], 0)
    at = at + 3
  end
  if at > 4 then
    local left = count - at + 1
    for place = 0, left - 1 do w[4 + place] = w[at + place] end
    for place = count, 4 + left, -1 do w[place] = nil end
    count = 3 + left
  end
  -- After a clock that jumped back, nothing may count for longer than the window is long.
  while count > 3 and w[count - 2] > finish do
    w[2], w[3] = max(w[2] - w[count - 1], 0), max(w[3] - w[count], 0)
    w[count], w[count - 1], w[count - 2] = nil, nil, nil
    count = count - 3
  end
  return count
end

function Window.join_closest(w, count)
  local closest, gap = 4, math.huge
  for at = 4, count - 5, 3 do
    if w[at + 3] - w[at] < gap then closest, gap = at, w[at + 3] - w[at] end
  end
  w[closest] = max(w[closest], w[closest + 3])
  w[closest + 1] = w[closest + 1] + w[closest + 4]
  w[closest + 2] = min(w[closest + 2] + w[closest + 5], U32)
  for place = closest + 3, count - 3 do w[place] = w[place + 3] end
  w[count], w[count - 1], w[count - 2] = nil, nil, nil
  return count - 3
end

function Window.add(w, requests, tokens)
  local count = Window.expire(w)
  -- Entries stay in order even when the clock does not.
  local at = count > 3 and max(NOW, w[count - 2]) or NOW
  w[2], w[3] = w[2] + requests, w[3] + tokens
  if count > 3 and w[count - 2] == at then
    w[count - 1], w[count] = w[count - 1] + requests, min(w[count] + tokens, U32)
    return
  end
  if count == 3 + ENTRIES * 3 then count = Window.join_closest(w, count) end
  w[count + 1], w[count + 2], w[count + 3] = at, requests, tokens
end

-- Takes back a part of what was counted, the newest first.
function Window.take_back(w, requests, tokens)
  local count = #w
  for at = count - 2, 4, -3 do
    local some_requests, some_tokens = min(requests, w[at + 1]), min(tokens, w[at + 2])
    w[at + 1], w[at + 2] = w[at + 1] - some_requests, w[at + 2] - some_tokens
    w[2], w[3] = w[2] - some_requests, w[3] - some_tokens
    requests, tokens = requests - some_requests, tokens - some_tokens
    if requests == 0 and tokens == 0 then break end
  end
  while count > 3 and w[count - 1] == 0 and w[count] == 0 do
    w[count], w[count - 1], w[count - 2] = nil, nil, nil
    count = count - 3
  end
end

function Window.requests(w)
  Window.expire(w)
  return w[2]
end

-- The first time at which so much has left the window; `offset` is 1 for requests and 2 for tokens.
function Window.after_leaving(w, much, offset)
  local left = 0
  for at = 4, #w, 3 do
    left = left + w[at + offset]
    if left >= much then return max(w[at] + w[1], NOW) end
  end
  return NOW + w[1]
end

-- The first time, from now on, at which one request more makes no more than `limit`.
function Window.room_for_request(w, limit)
  Window.expire(w)
  local over = w[2] + 1 - limit
  if over <= 0 then return NOW end
  return Window.after_leaving(w, over, 1)
end

-- The same for tokens. What is larger than the whole limit has room in an empty window.
function Window.room_for_tokens(w, tokens, limit)
  Window.expire(w)
  local over = min(max(w[3] + tokens - limit, 0), w[3])
  if over == 0 then return NOW end
  return Window.after_leaving(w, over, 2)
end
