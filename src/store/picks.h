// store/picks.h - what operators were shown, in which order, and what they chose: the record of
// docs/formats/picks.md.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/candidates.h"
#include "store/of_shop.h"
#include "store/page.h"

namespace vitrine::store {

struct Edit {
  std::string from;  // id of a chosen candidate
  std::string to;    // the text that the operator made of it
};

struct Pick {
  std::string id;  // made by the client, so that a repeated request changes nothing
  std::string product_id, user_id;
  std::string user_name;               // filled when read
  std::vector<std::string> shown_ids;  // in the order of the screen, at least one
  std::vector<std::string> chosen;     // out of them; empty = none is good
  std::vector<std::string> order;      // best first, out of them; may be empty
  std::vector<Edit> edits;
  std::string reason;
  int64_t ms = 0;  // from showing to picking, pauses cut
  UtcMillis time{};
  bool by_job = false;  // a job chose, nobody was shown anything: it opens reviews, and is no pick of people
};

enum class PutPick {
  stored,
  shown_differs,  // the pick is there with another shown set
  closed,         // one of its reviews is approved or exported
};

/// Picks of people with from <= time < to.
struct PickPeriod {
  UtcMillis from{};
  UtcMillis to = UtcMillis::max();
};

/// A pick with what the statistics and the training need to know of its candidates.
struct PickInFull {
  Pick pick;
  CandidateKind kind = CandidateKind::copy;      // of all that was shown
  std::string field, style, platform, audience;  // of the first one's plan; empty without a plan
  int round = 0;                                 // of the first one's model
  std::string prompt;                            // of the first one
  std::vector<std::string> texts;                // of shown_ids
};

class Picks : public OfShop {
 public:
  using OfShop::OfShop;

  /// Stores a pick, or lets it take the place of a former one of the same id and shown set. Reviews
  /// of what is not chosen any more go; new ones are opened by Reviews::open. Throws InvalidInput
  /// for a shown set that is empty or names one twice, ids that were not shown, an edit of what was
  /// not chosen, candidates that are not of this product.
  PutPick put(const Pick& pick);
  std::optional<Pick> find(const std::string& id);
  /// In the order of time. The cursor is of this list alone.
  Page<Pick> list(const PickPeriod& period, const PageRequest& request);
  /// The same, all of them, a page in memory at a time.
  void for_each(const PickPeriod& period, const std::function<void(const PickInFull&)>& take);

 private:
  bool is_new(const Pick& pick);
  PutPick check_former(const Pick& pick);
  void write_shown(const Pick& pick, bool is_new);
  Page<PickInFull> page(const PickPeriod& period, const PageRequest& request);
};

}  // namespace vitrine::store
