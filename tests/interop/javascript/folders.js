// Folders: browsed, changed, emptied, synchronized.
"use strict";

const {
  ChangeType,
  DeleteMode,
  Folder,
  FolderSchema,
  FolderTraversal,
  FolderView,
  SearchFilter,
  SyncFolderItemsScope,
} = require("ews-javascript-api");
const { escaped, folderId, folderProperties, itemIds, mailProperties } = require("./names");

async function bindFolder(service, { folder, properties }) {
  return Folder.Bind(service, folderId(folder), folderProperties(properties));
}

async function findFolders(service, { folder, deep = false, named, size = 100, offset = 0 }) {
  const view = new FolderView(size, offset);
  if (deep) view.Traversal = FolderTraversal.Deep;
  const where = folderId(folder);
  return named === undefined
    ? service.FindFolders(where, view)
    : service.FindFolders(where, new SearchFilter.IsEqualTo(FolderSchema.DisplayName, named), view);
}

async function createFolder(service, { name, parent }) {
  const folder = new Folder(service);
  folder.DisplayName = escaped(name);
  await folder.Save(folderId(parent));
  return folder.Id;
}

async function renameFolder(service, { folder, name }) {
  const found = await Folder.Bind(service, folderId(folder));
  found.DisplayName = escaped(name);
  await found.Update();
}

async function moveFolder(service, { folder, to }) {
  return (await Folder.Bind(service, folderId(folder))).Move(folderId(to));
}

async function copyFolder(service, { folder, to }) {
  return (await Folder.Bind(service, folderId(folder))).Copy(folderId(to));
}

async function deleteFolder(service, { folder, mode }) {
  await (await Folder.Bind(service, folderId(folder))).Delete(DeleteMode[mode]);
}

async function emptyFolder(service, { folder, mode, folders = false }) {
  await (await Folder.Bind(service, folderId(folder))).Empty(DeleteMode[mode], folders);
}

async function markAllRead(service, { folder }) {
  await (await Folder.Bind(service, folderId(folder))).MarkAllItemsAsRead(true);
}

async function syncHierarchy(service, { folder, state = null }) {
  const found = folder
    ? await service.SyncFolderHierarchy(folderId(folder), folderProperties(), state)
    : await service.SyncFolderHierarchy(folderProperties(), state);
  return changes(found, ({ Folder: changed, FolderId }) => ({ id: FolderId, changed }));
}

async function syncItems(service, { folder, state = null, ignored = [], most = 100 }) {
  const found = await service.SyncFolderItems(
    folderId(folder),
    mailProperties({ base: "IdOnly", more: ["Subject", "IsRead"] }),
    itemIds(ignored),
    most,
    SyncFolderItemsScope.NormalItems,
    state,
  );
  return changes(found, ({ Item, ItemId, IsRead }) => ({
    id: ItemId,
    changed: Item,
    isRead: IsRead,
  }));
}

function changes(found, described) {
  return {
    state: found.SyncState,
    more: found.MoreChangesAvailable,
    changes: found.GetEnumerator().map((change) => ({
      type: ChangeType[change.ChangeType],
      ...described(change),
    })),
  };
}

module.exports = {
  bindFolder,
  copyFolder,
  createFolder,
  deleteFolder,
  emptyFolder,
  findFolders,
  markAllRead,
  moveFolder,
  renameFolder,
  syncHierarchy,
  syncItems,
};
