#include "common/base/worker.hpp"

#include <pthread.h>

namespace fieldline {

void name_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

ThreadWorker::ThreadWorker(std::string name, std::size_t threads, std::size_t capacity) : queue_(capacity) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this, name] {
      name_thread(name);
      while (auto task = queue_.pop()) (*task)();
    });
  }
}

ThreadWorker::~ThreadWorker() {
  finish();
}

void ThreadWorker::finish() {
  queue_.close();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

bool ThreadWorker::try_post(Task task) {
  return queue_.try_push(task);
}

}  // namespace fieldline
