// From documents to what a site runs: expands an instance, checks it, seals it. Pure: the same
// documents give the same bytes on every machine, whatever their order.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/flat_config.hpp"
#include "common/wire/config.hpp"
#include "coordinator/templates/library.hpp"
#include "coordinator/templates/provenance.hpp"

namespace fieldline::templates {

struct Derived {
  std::string bytes;  // canonical MessagePack of `config`
  FlatConfig config;
  Provenance provenance;
  Revision revision;  // of `bytes`
};

// What a deploy needs of it.
struct Outgoing {
  std::vector<std::string> artifacts;  // that it names, sorted
  Provenance provenance;
  wire::SealedConfig sealed;
  std::string site;
};

class Trees;

// Flattens many instances of one library; templates and scripts that several of them share are looked
// at once. One thread at a time; the library must outlive it.
class Flattener {
 public:
  explicit Flattener(const Library& library);
  ~Flattener();
  Flattener(const Flattener&) = delete;
  Flattener& operator=(const Flattener&) = delete;

  // kNotFound without such an instance; kValidationFailed with all findings.
  Result<Derived> flatten(std::string_view instance);
  // The same without the configuration as a value, for a fraction of the work.
  Result<Outgoing> prepare(std::string_view instance);
  // Bytes and revision alone.
  Result<wire::SealedConfig> seal(std::string_view instance);

 private:
  struct Flat;
  Result<Flat> make(std::string_view instance);

  const Library& library_;
  std::unique_ptr<Trees> trees_;
};

Result<Derived> flatten(const Library& library, std::string_view instance);

}  // namespace fieldline::templates
