// serve/places.h - so many may be in at once.
#pragma once
#include <atomic>
#include <memory>

namespace vitrine::serve {

/// Thread-safe; outlives those who are in.
class Places {
 public:
  explicit Places(int most) : most_(most) {}

  /// In until the object and its copies go. Null = all places are taken.
  std::shared_ptr<const void> enter() {
    if (++inside_ > most_) {
      --inside_;
      return nullptr;
    }
    return {this, [](Places* places) { --places->inside_; }};
  }
  int inside() const { return inside_; }

 private:
  const int most_;
  std::atomic<int> inside_ = 0;
};

}  // namespace vitrine::serve
