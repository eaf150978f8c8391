#include "agent/connections/modbus_plan.hpp"

#include <algorithm>
#include <span>
#include <tuple>

#include "agent/connections/limits.hpp"

namespace fieldline::connections {
namespace {

auto place(const PlannedPoint& point) {
  return std::tuple(point.address.table, point.address.number, point.address.registers());
}

std::uint32_t end_of(const PlannedPoint& point) {
  return std::uint32_t{point.address.number} + point.address.registers();
}

ReadRequest request_for(std::span<const PlannedPoint> points) {
  std::uint32_t end = 0;
  for (const auto& point : points) end = std::max(end, end_of(point));
  const auto& front = points.front().address;
  return {front.table, front.number, static_cast<std::uint16_t>(end - front.number),
          std::vector(points.begin(), points.end())};
}

bool fits(const ReadRequest& request, const PlannedPoint& point) {
  if (request.table != point.address.table) return false;
  const bool bits = point.address.is_bit();
  const auto end = std::uint32_t{request.first} + request.count;
  return point.address.number <= end + (bits ? kBitGap : kRegisterGap) &&
         std::max(end, end_of(point)) - request.first <= (bits ? kReadBits : kReadRegisters);
}

void add(ReadRequest& request, const PlannedPoint& point) {
  const auto end = std::max(std::uint32_t{request.first} + request.count, end_of(point));
  request.count = static_cast<std::uint16_t>(end - request.first);
  request.points.push_back(point);
}

}  // namespace

std::vector<ReadRequest> plan_reads(std::vector<PlannedPoint> points) {
  std::stable_sort(points.begin(), points.end(),
                   [](const auto& a, const auto& b) { return place(a) < place(b); });
  std::vector<ReadRequest> requests;
  for (const auto& point : points) {
    if (requests.empty() || !fits(requests.back(), point)) {
      requests.push_back(request_for({&point, 1}));
    } else {
      add(requests.back(), point);
    }
  }
  return requests;
}

std::optional<std::pair<ReadRequest, ReadRequest>> split(const ReadRequest& request) {
  const std::span points(request.points);
  const auto is_cut = [&](std::size_t at) { return place(points[at - 1]) != place(points[at]); };
  const auto middle = points.size() / 2;
  for (std::size_t away = 0; away <= middle; ++away) {
    for (const auto at : {middle - away, middle + away}) {
      if (at == 0 || at >= points.size() || !is_cut(at)) continue;
      return std::pair(request_for(points.first(at)), request_for(points.subspan(at)));
    }
  }
  return std::nullopt;
}

}  // namespace fieldline::connections
