// store/migrations/steps.h - the steps of the schema, one file each.
#pragma once
#include "store/migrate.h"

namespace vitrine::store {

extern const Migration kStep1Shops;     // 0001_shops.cpp
extern const Migration kStep2Products;  // 0002_products.cpp
extern const Migration kStep3Writing;   // 0003_writing.cpp
extern const Migration kStep4Work;      // 0004_work.cpp
extern const Migration kStep5PicksOfJobs;  // 0005_picks_of_jobs.cpp

}  // namespace vitrine::store
