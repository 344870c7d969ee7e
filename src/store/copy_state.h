// store/copy_state.h - how far the description of a product is; it follows from its candidates and
// reviews.
#pragma once
#include <array>
#include <string>

#include "store/connection.h"

namespace vitrine::store {

/// No candidates, candidates, picked, sent back, approved, exported.
enum class CopyState { empty, written, pending, rejected, approved, exported };
template <>
struct EnumWords<CopyState> {
  static constexpr std::string_view words[] = {"empty",    "written",  "pending",
                                               "rejected", "approved", "exported"};
};
inline constexpr size_t kCopyStates = 6;
/// How many in each state, in the order of the enum.
using CopyStateCounts = std::array<int64_t, kCopyStates>;

/// Works out the state anew and keeps it with the product: the newest approved or exported review
/// of a description counts first, then the newest pending one, then a rejected one, then
/// candidates. Called by whatever changes candidates or reviews, in the same transaction.
void refresh_copy_state(Connection& connection, const std::string& shop_id,
                        const std::string& product_id, UtcMillis now);

}  // namespace vitrine::store
