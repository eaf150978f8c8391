// A template or an instance with all that it inherits and holds in slots: every member under its full
// path, every field with the place that wrote it. What the members mean is not looked at yet.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/templates/findings.hpp"
#include "coordinator/templates/library.hpp"
#include "coordinator/templates/provenance.hpp"

namespace fieldline::templates {

// A place of a document, applied to a part of the tree. Parts rise in the order they were applied:
// what a higher one writes, overrides.
struct Part {
  const Document* document;
  std::int64_t source;  // index of Expansion::sources
  std::string prefix;   // what stands before its names in the tree: "Pump1."
  std::string within;   // where in the document its members are written: "slots/Pump1/"
};
using PartId = std::uint32_t;

template <class T>
struct Member {
  PartId definer = 0;
  std::array<PartId, kFieldCount<T>> origins{};
  Partial<T> partial;
  // Of members that other trees share, which Trees makes:
  T written;          // partial.value before the checks put it right
  std::string bytes;  // partial.value, encoded

  [[nodiscard]] bool has(std::string_view field) const { return partial.given.test(field_index<T>(field)); }
  // Who wrote the field; the definer, when nobody did.
  [[nodiscard]] PartId origin(std::string_view field) const { return origins[field_index<T>(field)]; }
};

// Sorted by name. What a tree has from another one it shares, until it edits it.
template <class T>
class Members {
 public:
  using Own = std::map<std::string, Member<T>>;
  using Entry = typename Own::value_type;

  class Iterator {
   public:
    explicit Iterator(const Entry* const* at) : at_(at) {}
    const Entry& operator*() const { return **at_; }
    const Entry* operator->() const { return *at_; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const Entry* const* at_;
  };

  [[nodiscard]] Iterator begin() const { return Iterator(all_.data()); }
  [[nodiscard]] Iterator end() const { return Iterator(all_.data() + all_.size()); }
  [[nodiscard]] Iterator find(std::string_view name) const { return Iterator(all_.data() + index_of(name)); }
  [[nodiscard]] bool contains(std::string_view name) const { return find(name) != end(); }
  // The first after `name`.
  [[nodiscard]] Iterator upper_bound(std::string_view name) const {
    const auto found =
        std::upper_bound(all_.begin(), all_.end(), name,
                         [](std::string_view key, const Entry* entry) { return key < entry->first; });
    return Iterator(all_.data() + (found - all_.begin()));
  }
  [[nodiscard]] std::size_t size() const { return all_.size(); }

  // Those that are not shared: the others have been checked.
  [[nodiscard]] Own& own() { return own_; }
  // Before settle() the reading functions see nothing of it. `name` must be new.
  Member<T>* define(const std::string& name) { return &own_[name]; }
  // One's own, and as it was written. Null when there is none.
  Member<T>* edit(const std::string& name) {
    if (const auto mine = own_.find(name); mine != own_.end()) return &mine->second;
    const auto index = index_of(name);
    if (index == all_.size()) return nullptr;
    auto& mine = *own_.emplace(*all_[index]).first;
    mine.second.partial.value = mine.second.written;
    mine.second.bytes.clear();
    all_[index] = &mine;
    return &mine.second;
  }

  // Ends the defining.
  void settle() {
    all_.reserve(own_.size());
    for (const auto& entry : own_) all_.push_back(&entry);
  }
  // Takes all of `base`, which must outlive this.
  void share(const Members& base) { all_ = base.all_; }

 private:
  // The number of members when there is none.
  [[nodiscard]] std::size_t index_of(std::string_view name) const {
    const auto found =
        std::lower_bound(all_.begin(), all_.end(), name,
                         [](const Entry* entry, std::string_view key) { return entry->first < key; });
    const bool known = found != all_.end() && (*found)->first == name;
    return known ? static_cast<std::size_t>(found - all_.begin()) : all_.size();
  }

  Own own_;
  std::vector<const Entry*> all_;
};

struct Expansion {
  Members<Alarm> alarms;
  Members<Attribute> attributes;
  Members<Script> scripts;
  std::map<DocumentKey, PartId>
      artifacts;                          // that scripts name, with who wrote such a script; by check_members
  std::shared_ptr<const Expansion> base;  // whose members, parts and sources it shares; null: nobody's
  std::vector<Part> parts;                // after those of the base
  std::vector<Source> sources;            // empty with a base; the first stands for the instance
  std::size_t members_spent = 0;          // of kMaxMembers
  std::size_t text_spent = 0;             // of kMaxExpandedText
  bool complete = true;                   // false: parts of the tree are missing, as the findings say

  Expansion() = default;
  explicit Expansion(std::shared_ptr<const Expansion> shared);
  Expansion(Expansion&&) noexcept = default;
  Expansion& operator=(Expansion&&) noexcept = default;
  Expansion(const Expansion&) = delete;
  Expansion& operator=(const Expansion&) = delete;
  ~Expansion() = default;

  [[nodiscard]] const Part& part(PartId id) const;
  // "templates/Pump/scripts/Start": where the part writes the member whose full name is `name`.
  [[nodiscard]] std::string path(PartId id, std::string_view folder, std::string_view name) const;
};

// "Pump1." for "Pump1.Speed": a member's references are relative to its scope.
std::string_view scope_of(std::string_view member);

// `root` is a template or an instance.
Expansion expand(const Library& library, const Document& root, Findings& findings);
// `instance` of the template whose checked tree is `base`.
Expansion expand_over(std::shared_ptr<const Expansion> base, const Library& library, const Document& instance,
                      Findings& findings);

}  // namespace fieldline::templates
