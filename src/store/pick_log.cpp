#include "store/pick_log.h"

#include "base/utc_time.h"
#include "data/picks.h"

namespace vitrine::store {
namespace {

data::Pick file_pick(const PickInFull& full) {
  const Pick& pick = full.pick;
  data::Pick out;
  out.id = pick.id;
  out.shown_ids = pick.shown_ids;
  out.chosen = pick.chosen;
  out.order = pick.order;
  for (const Edit& edit : pick.edits) out.edits.push_back({edit.from, edit.to});
  out.reason = pick.reason;
  out.user = pick.user_id;
  out.time = to_iso_time(std::chrono::floor<std::chrono::seconds>(pick.time));
  out.ms = pick.ms;
  Json candidates = Json::array();
  for (size_t i = 0; i < pick.shown_ids.size(); ++i)
    candidates.push_back({{"id", pick.shown_ids[i]}, {"text", full.texts[i]}});
  out.extra = {{"product_id", pick.product_id},
               {"prompt", full.prompt},
               {"candidates", std::move(candidates)}};
  return out;
}

}  // namespace

void write_pick_log(Connection& connection, const std::string& shop_id, const PickPeriod& period,
                    const std::function<void(std::string_view)>& take) {
  Picks(connection, shop_id).for_each(period, [&](const PickInFull& full) {
    if (full.kind == CandidateKind::copy) take(dump_line(data::to_json(file_pick(full))));
  });
}

}  // namespace vitrine::store
