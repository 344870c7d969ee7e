// store/pick_log.h - the picks as training reads them: docs/formats/picks.md, texts inline.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "store/picks.h"

namespace vitrine::store {

/// One line of JSON, without its end, for each pick of copy in the period, in the order of time;
/// `align copy --picks` reads such a file. Here JSON is the format of a file, not a message of the
/// server. Throws as Connection::query.
void write_pick_log(Connection& connection, const std::string& shop_id, const PickPeriod& period,
                    const std::function<void(std::string_view line)>& take);

}  // namespace vitrine::store
