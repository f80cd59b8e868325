-- Log Analytics: images that were not found, the newest first. The bucket has to be upgraded once:
--   gcloud logging buckets update _Default --location=global --enable-analytics
SELECT
  timestamp,
  severity,
  SAFE.STRING(labels["ray_worker_node_id"]) AS ray_worker_node_id,
  REGEXP_EXTRACT(SAFE.STRING(json_payload.message), "Image '(.+)' not found$") AS url,
  SAFE.STRING(labels["run"]) AS run,
  trace
FROM
  `PROJECT_ID.global._Default._AllLogs`
WHERE
  SAFE.STRING(labels["k8s-pod/app"]) = "dropforge"
  AND resource.type = "k8s_container"
  AND severity = "ERROR"
  AND REGEXP_CONTAINS(SAFE.STRING(json_payload.message), "ray_worker_node_id.+Image.+not found$")
ORDER BY
  timestamp DESC,
  insert_id DESC
LIMIT
  10000
