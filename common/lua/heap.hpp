// The memory of one Lua state. It may pass its limit by kHeapSlackBytes until the watch looks, which
// collects the garbage before it judges. What no collection can help, a block over kMaxBlockBytes or
// a second refusal at the end of the slack, exhausts the heap: from then on it gives nothing, so that
// no handler in the script lives on what is left.
#pragma once

#include <cstddef>
#include <functional>

namespace fieldline::lua {

class Heap {
 public:
  // `overdue`: has the run's time passed? Then a refusal is final, or a script at the edge of its
  // memory could collect garbage for ever without reaching the next check of its budget.
  explicit Heap(std::size_t limit, std::function<bool()> overdue = {});
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // The lua_Alloc of the state; `heap` is this.
  static void* allocate(void* heap, void* block, std::size_t old_size, std::size_t new_size);

  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] bool over() const { return used_ > limit_; }
  [[nodiscard]] bool exhausted() const { return exhausted_; }

 private:
  void* grow(void* block, std::size_t old_size, std::size_t new_size);
  void refuse(std::size_t new_size);

  const std::size_t limit_;
  const std::function<bool()> overdue_;
  std::size_t used_ = 0;
  std::size_t refused_ = 0;  // what was just refused; 0 when the latest request was granted
  bool exhausted_ = false;
};

}  // namespace fieldline::lua
