#include "store/migrations/steps.h"

namespace vitrine::store {

// Batches of before this step named their picks so; people's take longer than 0 ms.
const Migration kStep5PicksOfJobs = {.version = 5, .name = "picks of jobs", .sql = R"sql(
ALTER TABLE picks ADD COLUMN by_job INTEGER NOT NULL DEFAULT 0;
UPDATE picks SET by_job = 1 WHERE id LIKE 'batch-%' AND ms = 0;
)sql"};

}  // namespace vitrine::store
