// serve/job_json.h - a job as the API shows it.
#pragma once
#include <string>

#include "base/json.h"
#include "store/jobs.h"

namespace vitrine::serve {

/// Job of docs/api/openapi.yaml; result and request are the stored documents, a failure becomes a
/// problem document. Throws Corrupt when a stored document is no JSON.
Json to_json(const store::Job& job);

/// HTTP status of a failure's code: 422 for what the request is to blame for, 503 for what may work
/// later, else 500.
int status_of_failure(const std::string& code);

std::string_view priority_name(store::JobPriority priority);
/// Nothing for an unknown word.
std::optional<store::JobPriority> priority_named(std::string_view name);

/// RFC 3339 with milliseconds, UTC.
std::string rfc3339(store::UtcMillis time);

}  // namespace vitrine::serve
