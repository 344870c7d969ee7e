// store/label_requests.h - requests to export texts without the explicit label (办法 art. 9), as
// the log of labels tells them.
//
//   requested -> agreed -> approved -> exported
//   requested, agreed, approved -> refused; the same three -> expired after 30 days
//
// Each step is an entry of the log; a request's state is what its entries say.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/utc_time.h"

namespace vitrine::store {

inline constexpr int kRequestDays = 30;

enum class RequestState { requested, agreed, approved, exported, refused, expired };
std::string_view to_string(RequestState state);

struct LabelRequest {
  std::string id;                // rq-YYYYMMDD-…
  std::vector<std::string> ids;  // content ids of the master
  std::string master, master_sha256;
  std::string purpose;
  UtcSeconds requested_at{};
  std::string requested_by, agreed_by, agreement_sha256, approved_by, reason, refused_by;
  bool one_person = false;  // approved by the one who requested, as the shop allows
  RequestState last = RequestState::requested;  // of its entries; never expired

  /// Expired: not exported or refused 30 days after the request.
  RequestState state(UtcSeconds now) const;
};

/// All requests of a log. Call order: take each entry of read_label_log.
class LabelRequests {
 public:
  /// Entries of other kinds, and steps of a request that was pruned, are passed over.
  void take(const Json& entry);
  /// Throws NotFound.
  const LabelRequest& at(const std::string& id) const;
  const std::map<std::string, LabelRequest>& all() const { return requests_; }

 private:
  std::map<std::string, LabelRequest> requests_;
};

/// The entry of each step. They throw InvalidInput, naming request and state, when the step is not
/// the next one, when a name or text is empty, and when the approver is the requester and
/// `one_person_allowed` is false.
Json request_entry(const LabelRequest& request);
Json agree_entry(const LabelRequest& request, UtcSeconds now, const std::string& who,
                 const std::string& agreement_sha256);
Json approve_entry(const LabelRequest& request, UtcSeconds now, const std::string& who,
                   const std::string& reason, bool one_person_allowed);
Json refuse_entry(const LabelRequest& request, UtcSeconds now, const std::string& who,
                  const std::string& reason);
/// file, sha256: of the exported file. The texts' own entries (kind "label") name the request too.
Json export_entry(const LabelRequest& request, UtcSeconds now, const std::string& who,
                  const std::string& file, const std::string& file_sha256);
/// Throws InvalidInput when the request may not be exported now.
void require_exportable(const LabelRequest& request, UtcSeconds now);

/// The request for people and programs: its fields and its state now.
Json to_json(const LabelRequest& request, UtcSeconds now);

}  // namespace vitrine::store
