// serve/picture_settings.h - what a request for pictures sets, as the picture worker takes it.
#pragma once
#include "base/json.h"
#include "serve/job_request.h"
#include "serve/serve_config.h"

namespace vitrine::serve {

/// Fields of `draw --print-config`; what the request leaves out has the worker's default.
inline Json picture_settings(const ServeConfig& config, const DrawJob& request) {
  Json settings{{"model", config.picture_model},
                {"num_images_per_prompt", request.num_images_per_prompt},
                {"seed", request.seed}};
  if (!request.negative_prompt.empty()) settings["negative_prompt"] = request.negative_prompt;
  if (request.width) settings["width"] = *request.width;
  if (request.height) settings["height"] = *request.height;
  if (request.num_inference_steps) settings["num_inference_steps"] = *request.num_inference_steps;
  if (request.guidance_scale) settings["guidance_scale"] = *request.guidance_scale;
  if (!request.scheduler.empty()) settings["scheduler"] = request.scheduler;
  return settings;
}

}  // namespace vitrine::serve
