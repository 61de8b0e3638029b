"""Many videos without anybody looking on: which ones (`jobs`), how one is tracked (`work`), what is kept (`records`),
who does what (`run`), and what is shown of it all (`summary`, `page`)."""
