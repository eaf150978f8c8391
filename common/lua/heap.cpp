#include "common/lua/heap.hpp"

#include <cstdlib>
#include <utility>

#include "common/lua/limits.hpp"

namespace fieldline::lua {

Heap::Heap(std::size_t limit, std::function<bool()> overdue) : limit_(limit), overdue_(std::move(overdue)) {}

void* Heap::allocate(void* heap, void* block, std::size_t old_size, std::size_t new_size) {
  auto& self = *static_cast<Heap*>(heap);
  if (block == nullptr) old_size = 0;  // then it tells the kind of object
  if (new_size > old_size) return self.grow(block, old_size, new_size);

  self.used_ -= old_size - new_size;
  if (new_size > 0) return std::realloc(block, new_size);
  std::free(block);
  return nullptr;
}

void* Heap::grow(void* block, std::size_t old_size, std::size_t new_size) {
  const std::size_t rise = new_size - old_size;
  const bool fits = new_size <= kMaxBlockBytes && used_ + rise <= limit_ + kHeapSlackBytes;
  void* grown = fits && !exhausted_ ? std::realloc(block, new_size) : nullptr;
  if (grown == nullptr) {
    refuse(new_size);
    return nullptr;
  }
  used_ += rise;
  refused_ = 0;
  return grown;
}

void Heap::refuse(std::size_t new_size) {
  const bool again = refused_ == new_size;
  if (again || new_size > kMaxBlockBytes || (overdue_ && overdue_())) exhausted_ = true;
  refused_ = new_size;
}

}  // namespace fieldline::lua
