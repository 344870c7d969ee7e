#include "text/bpe.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <queue>

#include "base/error.h"
#include "base/hash.h"
#include "text/byte_level.h"

namespace vitrine::text {
namespace {

constexpr size_t kScanSymbols = 40;     // up to here a plain scan beats the heap
constexpr size_t kCachedBytes = 96;     // longer words hardly come back
constexpr size_t kCacheSlots = 1 << 14;
constexpr size_t kCacheLocks = 64;

uint64_t pair_key(int32_t left, int32_t right) noexcept {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

int32_t id_of(const Vocabulary& vocabulary, const std::string& token, size_t rank, std::string_view where) {
  if (const auto id = vocabulary.find(token)) return *id;
  throw Corrupt(concat("[load_tokenizer] TOK_MISMATCH: ", where, " merge ", rank + 1, ": '", token, "' is no token of the vocabulary"));
}

}  // namespace

/// One slot for each hash: a newer word takes the place of an older one.
class BpeCache {
 public:
  bool find(std::string_view word, uint64_t hash, std::vector<int32_t>& ids) {
    const std::lock_guard lock(locks_[hash % kCacheLocks]);
    const Slot& slot = slots_[hash % kCacheSlots];
    if (slot.word != word) return false;
    ids.insert(ids.end(), slot.ids.begin(), slot.ids.end());
    return true;
  }

  void put(std::string_view word, uint64_t hash, std::span<const int32_t> ids) {
    const std::lock_guard lock(locks_[hash % kCacheLocks]);
    Slot& slot = slots_[hash % kCacheSlots];
    slot.word = word;
    slot.ids.assign(ids.begin(), ids.end());
  }

 private:
  struct Slot {
    std::string word;
    std::vector<int32_t> ids;
  };
  std::vector<Slot> slots_{kCacheSlots};
  std::array<std::mutex, kCacheLocks> locks_;
};

BpeModel::BpeModel(const Vocabulary& vocabulary, std::span<const Merge> merges, BpeConfig config, std::string_view where)
    : vocabulary_(vocabulary), config_(std::move(config)), cache_(std::make_unique<BpeCache>()) {
  if (config_.unk_token) unk_id_ = vocabulary.find(*config_.unk_token);
  for (size_t byte = 0; byte < 256; ++byte) {
    const std::string& symbol = byte_symbol_texts()[byte];
    byte_ids_[byte] = vocabulary.find(symbol).value_or(-1);
    last_ids_[byte] = vocabulary.find(symbol + config_.end_of_word_suffix).value_or(-1);
  }
  rules_.reserve(merges.size());
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right] = merges[rank];
    const int32_t left_id = id_of(vocabulary, left, rank, where);
    const int32_t right_id = id_of(vocabulary, right, rank, where);
    // A pair that is listed again takes the later rank, as in the reference.
    rules_[pair_key(left_id, right_id)] = {static_cast<int32_t>(rank), id_of(vocabulary, left + right, rank, where)};
  }
}

BpeModel::~BpeModel() = default;

int BpeModel::missing_bytes() const noexcept {
  return static_cast<int>(std::count(byte_ids_.begin(), byte_ids_.end(), -1));
}

void BpeModel::encode_word(std::string_view word, std::vector<int32_t>& ids) const {
  if (word.size() > kCachedBytes) return encode_uncached(word, ids);
  const uint64_t hash = hash64(word);
  if (cache_->find(word, hash, ids)) return;
  const size_t before = ids.size();
  encode_uncached(word, ids);
  cache_->put(word, hash, std::span(ids).subspan(before));
}

void BpeModel::encode_uncached(std::string_view word, std::vector<int32_t>& ids) const {
  if (config_.ignore_merges) {
    if (const auto id = vocabulary_.find(to_byte_level(word) + config_.end_of_word_suffix)) {
      ids.push_back(*id);
      return;
    }
  }
  std::vector<int32_t> symbols = symbols_of(word);
  if (symbols.size() <= kScanSymbols) {
    merge_by_scan(symbols);
  } else {
    merge_by_heap(symbols);
  }
  ids.insert(ids.end(), symbols.begin(), symbols.end());
}

std::vector<int32_t> BpeModel::symbols_of(std::string_view word) const {
  std::vector<int32_t> symbols;
  symbols.reserve(word.size());
  bool after_unknown = false;
  for (size_t i = 0; i < word.size(); ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    const int32_t id = i + 1 == word.size() ? last_ids_[byte] : byte_ids_[byte];
    const bool unknown = id < 0;
    if (!unknown) {
      symbols.push_back(id);
    } else if (unk_id_ && !(after_unknown && config_.fuse_unk)) {
      symbols.push_back(*unk_id_);
    }
    after_unknown = unknown;
  }
  return symbols;
}

const BpeModel::Rule* BpeModel::rule(int32_t left, int32_t right) const noexcept {
  return rules_.find(pair_key(left, right));
}

void BpeModel::merge_by_scan(std::vector<int32_t>& symbols) const {
  constexpr int32_t kNone = std::numeric_limits<int32_t>::max();
  std::array<Rule, kScanSymbols> rules;  // rules[i] = of symbols i and i + 1
  const auto look_up = [&](size_t i) {
    const Rule* found = i + 1 < symbols.size() ? rule(symbols[i], symbols[i + 1]) : nullptr;
    rules[i] = found == nullptr ? Rule{kNone, -1} : *found;
  };
  for (size_t i = 0; i < symbols.size(); ++i) look_up(i);
  while (symbols.size() > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < symbols.size(); ++i) {
      if (rules[i].rank < rules[best].rank) best = i;
    }
    if (rules[best].rank == kNone) return;
    symbols[best] = rules[best].id;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    std::copy(rules.begin() + best + 2, rules.begin() + symbols.size() + 1, rules.begin() + best + 1);
    look_up(best);
    if (best > 0) look_up(best - 1);
  }
}

/// A linked list of symbols and a heap of possible merges; a stale entry is known by its product.
struct BpeModel::Merger {
  struct Node {
    int32_t id, previous, next;  // id -1 = merged away
  };
  struct Entry {
    int32_t rank, position, product;
    bool operator>(const Entry& other) const {
      return rank != other.rank ? rank > other.rank : position > other.position;
    }
  };

  explicit Merger(const BpeModel& bpe, std::span<const int32_t> symbols) : model(bpe) {
    const auto count = static_cast<int32_t>(symbols.size());
    for (int32_t i = 0; i < count; ++i) nodes.push_back({symbols[static_cast<size_t>(i)], i - 1, i + 1 < count ? i + 1 : -1});
    for (int32_t i = 0; i + 1 < count; ++i) offer(i);
  }

  Node& node(int32_t position) { return nodes[static_cast<size_t>(position)]; }

  const Rule* rule_at(int32_t position) {
    const int32_t next = node(position).next;
    return node(position).id < 0 || next < 0 ? nullptr : model.rule(node(position).id, node(next).id);
  }

  void offer(int32_t position) {
    if (const Rule* found = rule_at(position)) heap.push({found->rank, position, found->id});
  }

  void apply(const Entry& entry) {
    const Rule* found = rule_at(entry.position);
    if (found == nullptr || found->id != entry.product) return;
    Node& left = node(entry.position);
    Node& right = node(left.next);
    left.id = entry.product;
    left.next = right.next;
    right.id = -1;
    if (left.next >= 0) node(left.next).previous = entry.position;
    if (left.previous >= 0) offer(left.previous);
    offer(entry.position);
  }

  const BpeModel& model;
  std::vector<Node> nodes;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap;
};

void BpeModel::merge_by_heap(std::vector<int32_t>& symbols) const {
  Merger merger(*this, symbols);
  while (!merger.heap.empty()) {
    const Merger::Entry entry = merger.heap.top();
    merger.heap.pop();
    merger.apply(entry);
  }
  symbols.clear();
  for (int32_t at = 0; at >= 0; at = merger.node(at).next) symbols.push_back(merger.node(at).id);
}

}  // namespace vitrine::text
