// store/reviews.h - what was picked, until it leaves.
//
//   pending -> approved -> exported; pending, approved -> rejected; an edit changes the text and
//   keeps the state. A pick that is put again makes a rejected or pending one pending.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "store/candidates.h"
#include "store/of_shop.h"
#include "store/page.h"

namespace vitrine::store {

enum class ReviewState { pending, approved, rejected, exported };
template <>
struct EnumWords<ReviewState> {
  static constexpr std::string_view words[] = {"pending", "approved", "rejected", "exported"};
};
inline constexpr size_t kReviewStates = 4;
/// How many in each state, in the order of the enum.
using ReviewStateCounts = std::array<int64_t, kReviewStates>;

struct Review {
  std::string id;
  CandidateKind kind = CandidateKind::copy;
  std::string product_id, pick_id, candidate_id;
  std::string field, platform, style;  // of copy
  std::string text;                    // of copy, as it stands
  Document check_report;               // of this text; empty = none
  std::string author_id;
  UtcMillis created_at{}, updated_at{};
  // The store fills these:
  ReviewState state = ReviewState::pending;
  std::string product_title, text_sha256, author, reviewer_id, reviewer, reason;
};

enum class DecisionKind { approve, edit, reject };
template <>
struct EnumWords<DecisionKind> {
  static constexpr std::string_view words[] = {"approve", "edit", "reject"};
};

struct Decision {
  std::string review_id, user_id;
  DecisionKind kind = DecisionKind::approve;
  std::string text;           // of edit
  Document check_report;      // of edit: of the new text
  std::string reason;         // of reject
  std::string text_sha256;    // of the text that was looked at; empty = whatever it is
  bool own_approval = false;  // the shop lets authors approve
  UtcMillis time{};
};

enum class Decided {
  done,
  not_found,
  changed,       // text_sha256 is not that of the present text
  not_in_state,  // approve or edit of what is not pending, reject of what is exported or rejected
  own_work,      // an approval by one who chose or edited the text, which the shop forbids
};

class Reviews : public OfShop {
 public:
  using OfShop::OfShop;

  /// Opens the review of something chosen; one that is there for the same pick and candidate takes
  /// text and report and is pending again, unless it is approved or exported. Its id. Throws
  /// InvalidInput when the pick did not show the candidate.
  std::string open(const Review& review);
  std::optional<Review> find(const std::string& id);
  Decided decide(const Decision& decision);
  /// Those of `ids` that are approved become exported; how many.
  int64_t set_exported(const std::vector<std::string>& ids, UtcMillis now);

  /// Oldest first; no state or an empty product id = any.
  Page<Review> list(std::optional<ReviewState> state, const std::string& product_id,
                    const PageRequest& request);
  ReviewStateCounts counts(const std::string& product_id);
  /// Copy of a product's field that is approved or exported: ids, the latest approval first.
  std::vector<std::string> newest_approved(const std::string& product_id, const std::string& field);
  std::vector<Decision> decisions(const std::string& review_id);  // in their order

 private:
  void apply(const Review& review, const Decision& decision);
  /// Whether he chose the text or has edited it.
  bool is_author(const Review& review, const std::string& user_id);
};

}  // namespace vitrine::store
