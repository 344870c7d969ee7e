// generation/pass_times.h - where the time of forward passes went.
#pragma once

namespace vitrine::generation {

/// Seconds.
struct PassTimes {
  double projections = 0;  // products with the weights of the layers, activation included
  double attention = 0;    // storing keys and values, and reading them
  double logits = 0;       // product with the embeddings
  double rest = 0;         // embedding, normalisation

  PassTimes& operator+=(const PassTimes& other) {
    projections += other.projections;
    attention += other.attention;
    logits += other.logits;
    rest += other.rest;
    return *this;
  }
  PassTimes operator-(const PassTimes& other) const {
    return {projections - other.projections, attention - other.attention, logits - other.logits,
            rest - other.rest};
  }
};

}  // namespace vitrine::generation
