// Items, found.
"use strict";

const {
  ComparisonMode,
  ContainmentMode,
  ItemView,
  LogicalOperator,
  SearchFilter,
  SortDirection,
} = require("ews-javascript-api");
const { folderId, mailProperties, mailProperty } = require("./names");

const FILTERS = {
  and: (...filters) =>
    new SearchFilter.SearchFilterCollection(LogicalOperator.And, filters.map(filter)),
  or: (...filters) =>
    new SearchFilter.SearchFilterCollection(LogicalOperator.Or, filters.map(filter)),
  not: (inner) => new SearchFilter.Not(filter(inner)),
  equal: (name, value) => new SearchFilter.IsEqualTo(mailProperty(name), value),
  different: (name, value) => new SearchFilter.IsNotEqualTo(mailProperty(name), value),
  above: (name, value) => new SearchFilter.IsGreaterThan(mailProperty(name), value),
  atMost: (name, value) => new SearchFilter.IsLessThanOrEqualTo(mailProperty(name), value),
  exists: (name) => new SearchFilter.Exists(mailProperty(name)),
  contains: (name, value) =>
    new SearchFilter.ContainsSubstring(
      mailProperty(name),
      value,
      ContainmentMode.Substring,
      ComparisonMode.IgnoreCase,
    ),
};

// ["and", ["equal", "IsRead", false], ["contains", "Subject", "order"]]
function filter([name, ...given]) {
  return FILTERS[name](...given);
}

async function find(service, { folder, filter: wanted, query, orderBy = [], ...page }) {
  const { size = 100, offset = 0, properties = { base: "IdOnly", more: ["Subject"] } } = page;
  const view = new ItemView(size, offset);
  view.PropertySet = mailProperties(properties);
  for (const [name, direction] of orderBy) {
    view.OrderBy.Add(mailProperty(name), SortDirection[direction]);
  }
  const criteria = wanted ? [filter(wanted)] : query === undefined ? [] : [query];
  const found = await service.FindItems(folderId(folder), ...criteria, view);
  return {
    items: found.Items,
    total: found.TotalCount,
    next: found.NextPageOffset,
    more: found.MoreAvailable,
  };
}

module.exports = {
  find,
};
