#include "diffusion/tiles.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "base/error.h"
#include "base/interrupt.h"

namespace vitrine::diffusion {
namespace {

using Row = std::vector<at::Tensor>;

/// The first lines of `tile` along `dim` fade from the last ones of `before`.
void blend(const at::Tensor& before, const at::Tensor& tile, int64_t dim, int64_t extent) {
  const int64_t lines = std::min({before.size(dim), tile.size(dim), extent});
  std::vector<int64_t> beside(4, 1);
  beside[static_cast<size_t>(dim)] = lines;
  const at::Tensor share =
      (at::arange(lines, tile.options()) / static_cast<double>(lines)).view(beside);
  const at::Tensor old = before.slice(dim, before.size(dim) - lines);
  const at::Tensor fresh = tile.slice(dim, 0, lines);
  fresh.copy_(old * (1 - share) + fresh * share);
}

Row row_of(const at::Tensor& band, int64_t tile_in,
           const std::function<at::Tensor(const at::Tensor&)>& f) {
  Row row;
  for (int64_t left = 0; left < band.size(3); left += tile_in * 3 / 4) {
    throw_if_interrupted("no picture was kept");
    row.push_back(f(band.slice(3, left, std::min(left + tile_in, band.size(3)))).contiguous());
  }
  return row;
}

}  // namespace

at::Tensor tiled(const at::Tensor& x, int64_t tile_in, int64_t tile_out,
                 const std::function<at::Tensor(const at::Tensor&)>& f) {
  VITRINE_REQUIRE(tile_in >= 4 && tile_in % 4 == 0 && tile_out >= 4 && tile_out % 4 == 0,
                  "[tiled] expected sides of multiples of 4, got ", tile_in, " and ", tile_out);
  const int64_t extent = tile_out / 4, kept = tile_out - extent;
  Row above;
  std::vector<at::Tensor> bands;
  for (int64_t top = 0; top < x.size(2); top += tile_in * 3 / 4) {
    const Row row = row_of(x.slice(2, top, std::min(top + tile_in, x.size(2))), tile_in, f);
    Row shown;
    for (size_t i = 0; i < row.size(); ++i) {
      if (!above.empty()) blend(above[i], row[i], 2, extent);
      if (i > 0) blend(row[i - 1], row[i], 3, extent);
      shown.push_back(row[i].slice(2, 0, kept).slice(3, 0, kept));
    }
    bands.push_back(at::cat(shown, 3));
    above = row;
  }
  return at::cat(bands, 2);
}

at::Tensor decode_latents(DiffusionModels& models, const at::Tensor& latents, bool tiling) {
  const ModelShapes shapes = models.shapes();
  const int64_t tile = shapes.tile_size / shapes.downscale;
  if (!tiling || (latents.size(2) <= tile && latents.size(3) <= tile))
    return models.decode(latents);
  return tiled(latents, tile, shapes.tile_size,
               [&](const at::Tensor& part) { return models.decode(part); });
}

models::LatentDistribution encode_pictures(DiffusionModels& models, const at::Tensor& pictures,
                                           bool tiling) {
  const ModelShapes shapes = models.shapes();
  const int64_t tile = shapes.tile_size;
  if (!tiling || (pictures.size(2) <= tile && pictures.size(3) <= tile)) {
    return models.encode(pictures);
  }
  const at::Tensor both =
      tiled(pictures, tile, tile / shapes.downscale, [&](const at::Tensor& part) {
        const models::LatentDistribution found = models.encode(part);
        return at::cat({found.mean, found.logvar}, 1);
      });
  const std::vector<at::Tensor> parts = both.chunk(2, 1);
  return {parts[0], parts[1]};
}

}  // namespace vitrine::diffusion
