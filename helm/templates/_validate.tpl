{{/*
What a JSON schema cannot say: values that depend on each other. Every problem is told at once, each with the name of
its value. Prints nothing.
*/}}
{{- define "tiktok-sync.validate" -}}
{{- $problems := concat
  (include "tiktok-sync.problems.config" . | fromJsonArray)
  (include "tiktok-sync.problems.credentials" . | fromJsonArray)
  (include "tiktok-sync.problems.workload" . | fromJsonArray)
  (include "tiktok-sync.problems.scaling" . | fromJsonArray)
  (include "tiktok-sync.problems.optional" . | fromJsonArray) -}}
{{- if $problems }}{{ fail (printf "\n\n* %s\n" (join "\n* " $problems)) }}{{ end -}}
{{- end -}}

{{- define "tiktok-sync.problems.config" -}}
{{- $problems := list -}}
{{- $config := .Values.config | default dict -}}
{{- $redisUrl := (include "tiktok-sync.option" (list $config "redis.url") | fromJson).value -}}
{{- if .Values.existingConfigMap -}}
{{- if $config }}{{ $problems = append $problems "config and existingConfigMap exclude each other: config would have no effect; remove one of them" }}{{ end -}}
{{- else -}}
{{- if not (include "tiktok-sync.option" (list $config "kafka.brokers") | fromJson).value }}{{ $problems = append $problems "config.kafka.brokers is required: the brokers to find the cluster by, for instance --set 'config.kafka.brokers={kafka-1:9092,kafka-2:9092}'" }}{{ end -}}
{{- if not (include "tiktok-sync.option" (list $config "registry.url") | fromJson).value }}{{ $problems = append $problems "config.registry.url is required: the schema registry, for instance --set config.registry.url=http://schema-registry:8081" }}{{ end -}}
{{- if not (or $redisUrl .Values.redis.auth.urlKey) }}{{ $problems = append $problems "config.redis.url is required (or redis.auth.urlKey, where the URL is in a secret): for instance --set config.redis.url=redis://redis:6379" }}{{ end -}}
{{- end -}}
{{- range include "tiktok-sync.brokers" . | fromJsonArray -}}
{{- if not (regexMatch ":[0-9]+$" .) }}{{ $problems = append $problems (printf "config.kafka.brokers: %s has no port; write it as host:port" .) }}
{{- else if not (regexMatch "^(\\[[0-9A-Fa-f:.]+\\]|[^][:,/@\\s]+):[0-9]{1,5}$" .) }}{{ $problems = append $problems (printf "config.kafka.brokers: %s is no host:port; leave the scheme out, kafka.tls.enabled and kafka.auth.mode say it" .) }}{{ end -}}
{{- end -}}
{{- range $path, $instead := $.Files.Get "files/owned-options.yaml" | fromYaml -}}
{{- $given := include "tiktok-sync.option" (list $config $path) | fromJson -}}
{{- if and (hasKey $given "value") (not (kindIs "invalid" $given.value)) }}{{ $problems = append $problems (printf "config.%s is not for values: %s" $path $instead) }}{{ end -}}
{{- end -}}
{{- if regexMatch "//[^/]*@" (toString $redisUrl) }}{{ $problems = append $problems "config.redis.url holds a user or password: secrets do not belong in values; put the URL into a secret and name that in redis.auth.existingSecret, its key in redis.auth.urlKey" }}{{ end -}}
{{- $proxyUrl := (include "tiktok-sync.option" (list $config "tiktok.proxyUrl") | fromJson).value -}}
{{- if regexMatch "//[^/]*@" (toString $proxyUrl) }}{{ $problems = append $problems "config.tiktok.proxyUrl holds a user or password: secrets do not belong in values; put the URL into a secret and name that in tiktok.proxy.existingSecret" }}{{ end -}}
{{- $registryUrl := (include "tiktok-sync.option" (list $config "registry.url") | fromJson).value -}}
{{- if regexMatch "//[^/]*@" (toString $registryUrl) }}{{ $problems = append $problems "config.registry.url holds a user or password: secrets do not belong in values; put them into a secret and name that in schemaRegistry.auth.existingSecret" }}{{ end -}}
{{- range list (list "registry" "schemaRegistry" $registryUrl "https") (list "redis" "redis" $redisUrl "rediss") -}}
{{- $tls := (get $.Values (index . 1)).tls -}}
{{- if and (index . 2) (not (hasPrefix (printf "%s:" (index . 3)) (index . 2))) (or $tls.ca.existingSecret $tls.ca.existingConfigMap $tls.client.existingSecret) }}{{ $problems = append $problems (printf "config.%s.url must begin with %s:// with %s.tls.ca or %s.tls.client: it would be spoken to in clear although certificates are given" (index . 0) (index . 3) (index . 1) (index . 1)) }}{{ end -}}
{{- end -}}
{{- $redisMode := (include "tiktok-sync.option" (list $config "redis.mode") | fromJson).value | default "standalone" -}}
{{- $sentinelName := (include "tiktok-sync.option" (list $config "redis.sentinelName") | fromJson).value -}}
{{- if and (eq $redisMode "sentinel") (not $sentinelName) }}{{ $problems = append $problems "config.redis.sentinelName is required with config.redis.mode sentinel" }}{{ end -}}
{{- if and (ne $redisMode "sentinel") $sentinelName }}{{ $problems = append $problems (printf "config.redis.sentinelName has no effect with config.redis.mode %s" $redisMode) }}{{ end -}}
{{- if and (eq $redisMode "standalone") (include "tiktok-sync.option" (list $config "redis.nodes") | fromJson).value }}{{ $problems = append $problems "config.redis.nodes has no effect with config.redis.mode standalone" }}{{ end -}}
{{- if and $proxyUrl .Values.tiktok.proxy.existingSecret }}{{ $problems = append $problems "config.tiktok.proxyUrl and tiktok.proxy.existingSecret exclude each other" }}{{ end -}}
{{- $host := (include "tiktok-sync.option" (list $config "http.host") | fromJson).value -}}
{{- if has (toString $host) (list "localhost" "127.0.0.1" "::1") }}{{ $problems = append $problems (printf "config.http.host is %s: probes and scrapers come from outside the container; leave it out, or set :: on a cluster without IPv4" $host) }}{{ end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "tiktok-sync.problems.credentials" -}}
{{- $problems := list -}}
{{- with .Values.kafka -}}
{{- if and (has .auth.mode (list "none" "tls")) (or .auth.existingSecret .auth.username .auth.usernameKey) }}{{ $problems = append $problems (printf "kafka.auth.existingSecret, username and usernameKey have no effect with kafka.auth.mode %s: set kafka.auth.mode to what the brokers ask for, or leave them out" .auth.mode) }}{{ end -}}
{{- if and (ne .auth.mode "tls") (not .tls.enabled) (or .tls.ca.existingSecret .tls.ca.existingConfigMap .tls.client.existingSecret) }}{{ $problems = append $problems "kafka.tls.enabled must be true with kafka.tls.ca or kafka.tls.client: Kafka would be spoken to in clear although certificates are given" }}{{ end -}}
{{- if and (ne .auth.mode "oauthbearer") (or .auth.oauth.tokenEndpoint .auth.oauth.tokenFile) }}{{ $problems = append $problems (printf "kafka.auth.oauth has no effect with kafka.auth.mode %s: set kafka.auth.mode to oauthbearer, or leave kafka.auth.oauth out" .auth.mode) }}{{ end -}}
{{- if and (eq .auth.mode "oauthbearer") .auth.oauth.tokenEndpoint .auth.oauth.tokenFile }}{{ $problems = append $problems "kafka.auth.oauth.tokenEndpoint and kafka.auth.oauth.tokenFile exclude each other" }}{{ end -}}
{{- if and (has .auth.mode (list "plain" "scram-sha-256" "scram-sha-512")) (not (or .auth.username .auth.usernameKey)) }}{{ $problems = append $problems (printf "kafka.auth.username (or kafka.auth.usernameKey) is required with kafka.auth.mode %s" .auth.mode) }}{{ end -}}
{{- end -}}
{{- range $system := list "kafka" "schemaRegistry" "redis" -}}
{{- with get $.Values $system -}}
{{- if and .auth.username .auth.usernameKey }}{{ $problems = append $problems (printf "%s.auth.username and %s.auth.usernameKey exclude each other" $system $system) }}{{ end -}}
{{- if and .auth.usernameKey (not .auth.existingSecret) }}{{ $problems = append $problems (printf "%s.auth.existingSecret is required with %s.auth.usernameKey" $system $system) }}{{ end -}}
{{- if and .tls.ca.existingSecret .tls.ca.existingConfigMap }}{{ $problems = append $problems (printf "%s.tls.ca.existingSecret and %s.tls.ca.existingConfigMap exclude each other" $system $system) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- with .Values.redis.auth -}}
{{- if and .username (not .existingSecret) }}{{ $problems = append $problems "redis.auth.existingSecret is required with redis.auth.username: Redis takes no user without a password" }}{{ end -}}
{{- if and .urlKey (not .existingSecret) }}{{ $problems = append $problems "redis.auth.existingSecret is required with redis.auth.urlKey" }}{{ end -}}
{{- if and .urlKey (or .username .usernameKey) }}{{ $problems = append $problems "redis.auth.username and redis.auth.usernameKey have no effect with redis.auth.urlKey: the URL in the secret has the user, too" }}{{ end -}}
{{- if and .urlKey (include "tiktok-sync.option" (list $.Values.config "redis.url") | fromJson).value }}{{ $problems = append $problems "config.redis.url and redis.auth.urlKey exclude each other" }}{{ end -}}
{{- end -}}
{{- with .Values.schemaRegistry.auth -}}
{{- if and .existingSecret (not (or .username .usernameKey)) }}{{ $problems = append $problems "schemaRegistry.auth.username (or schemaRegistry.auth.usernameKey) is required with schemaRegistry.auth.existingSecret" }}{{ end -}}
{{- if and .username (not .existingSecret) }}{{ $problems = append $problems "schemaRegistry.auth.existingSecret is required with schemaRegistry.auth.username" }}{{ end -}}
{{- end -}}
{{- with .Values.tiktok -}}
{{- if and .createSecret .existingSecret }}{{ $problems = append $problems "tiktok.createSecret and tiktok.existingSecret exclude each other" }}{{ end -}}
{{- if and .tokens (not .createSecret) }}{{ $problems = append $problems "tiktok.tokens holds access tokens in clear: put them into a secret and name that in tiktok.existingSecret; for a demo set tiktok.createSecret to true" }}{{ end -}}
{{- if and .createSecret (not .tokens) }}{{ $problems = append $problems "tiktok.tokens is required with tiktok.createSecret" }}{{ end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "tiktok-sync.problems.workload" -}}
{{- $problems := list -}}
{{- if eq .Values.image.tag "latest" }}{{ $problems = append $problems "image.tag is latest: nobody could tell what runs, and a rollback would change nothing; name a version" }}{{ end -}}
{{- $fullname := include "tiktok-sync.fullname" . -}}
{{- if not (regexMatch "^[a-z]([a-z0-9-]*[a-z0-9])?$" $fullname) }}{{ $problems = append $problems (printf "fullnameOverride is required: %s, which is made of the names of release and chart, is no name for a Service; such has small letters, digits and dashes, and begins with a letter" $fullname) }}{{ end -}}
{{- $deadline := include "tiktok-sync.shutdownSeconds" . | int -}}
{{- $grace := .Values.terminationGracePeriodSeconds | int -}}
{{- if lt $grace (add $deadline 10 | int) }}{{ $problems = append $problems (printf "terminationGracePeriodSeconds is %d, too short: config.shutdown.deadlineMs lets a stop take %d s, and 10 s are needed beside; set it to %d or more" $grace $deadline (add $deadline 10)) }}{{ end -}}
{{- range $values := list "commonLabels" "podLabels" -}}
{{- range $label := list "app.kubernetes.io/name" "app.kubernetes.io/instance" -}}
{{- if hasKey (get $.Values $values | default dict) $label }}{{ $problems = append $problems (printf "%s: %s selects the pods, and the chart sets it itself; see nameOverride" $values $label) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $own := include "tiktok-sync.ownEnvironment" . | splitList "," -}}
{{- range .Values.extraEnv -}}
{{- if has .name $own }}{{ $problems = append $problems (printf "extraEnv: the chart sets %s itself" .name) }}{{ end -}}
{{- if has (printf "%s_FILE" .name) $own }}{{ $problems = append $problems (printf "extraEnv: %s and the chart's own %s_FILE exclude each other" .name .name) }}{{ end -}}
{{- end -}}
{{- range $place := list (list "extraVolumes" "volumes" "name") (list "extraVolumeMounts" "mounts" "mountPath") -}}
{{- $seen := list -}}
{{- range include (printf "tiktok-sync.%s" (index $place 1)) $ | fromYamlArray -}}
{{- $one := get . (index $place 2) -}}
{{- if has $one $seen }}{{ $problems = append $problems (printf "%s: %s is taken, by the chart itself or by another one of yours" (index $place 0) $one) }}{{ end -}}
{{- $seen = append $seen $one -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{/* Seconds that a graceful stop may take, rounded up. */}}
{{- define "tiktok-sync.shutdownSeconds" -}}
{{- $given := (include "tiktok-sync.option" (list .Values.config "shutdown.deadlineMs") | fromJson).value | default 60000 -}}
{{- divf (include "tiktok-sync.milliseconds" $given | float64) 1000.0 | ceil | int -}}
{{- end -}}

{{- define "tiktok-sync.problems.scaling" -}}
{{- $problems := list -}}
{{- $hpa := .Values.autoscaling -}}
{{- $keda := .Values.keda -}}
{{- $scaler := $keda.enabled | ternary "keda.enabled" "autoscaling.enabled" -}}
{{- if and $hpa.enabled $keda.enabled }}{{ $problems = append $problems "autoscaling.enabled and keda.enabled exclude each other: two autoscalers would fight over the number of pods" }}{{ end -}}
{{- if and (or $hpa.enabled $keda.enabled) (ne (int .Values.replicaCount) 2) }}{{ $problems = append $problems (printf "replicaCount and %s exclude each other: the autoscaler decides how many pods there are; leave replicaCount out" $scaler) }}{{ end -}}
{{- if and $hpa.enabled (gt (int $hpa.minReplicas) (int $hpa.maxReplicas)) }}{{ $problems = append $problems "autoscaling.minReplicas is above autoscaling.maxReplicas" }}{{ end -}}
{{- if and $hpa.enabled (not (or $hpa.targetCPUUtilizationPercentage $hpa.metrics)) }}{{ $problems = append $problems "autoscaling.metrics is required where autoscaling.targetCPUUtilizationPercentage is left out" }}{{ end -}}
{{- if $keda.enabled -}}
{{- if gt (int $keda.minReplicaCount) (int $keda.maxReplicaCount) }}{{ $problems = append $problems "keda.minReplicaCount is above keda.maxReplicaCount" }}{{ end -}}
{{- if and (eq $keda.trigger "freshness") (not $keda.freshness.serverAddress) }}{{ $problems = append $problems "keda.freshness.serverAddress is required: the URL of Prometheus, for instance http://prometheus-operated.monitoring:9090" }}{{ end -}}
{{- if and (eq $keda.trigger "freshness") $keda.authenticationRef (not $keda.freshness.metadata.authModes) }}{{ $problems = append $problems "keda.freshness.metadata.authModes is required with keda.authenticationRef and keda.trigger freshness, for instance bearer: without it KEDA asks Prometheus without credentials" }}{{ end -}}
{{- if and (eq $keda.trigger "lag") .Values.existingConfigMap }}{{ $problems = append $problems "keda.trigger lag needs brokers, group and topics in config; with existingConfigMap use keda.trigger freshness" }}{{ end -}}
{{- if and (eq $keda.trigger "lag") (ne .Values.kafka.auth.mode "none") (not $keda.authenticationRef) }}{{ $problems = append $problems (printf "keda.authenticationRef is required with keda.trigger lag and kafka.auth.mode %s" .Values.kafka.auth.mode) }}{{ end -}}
{{- end -}}
{{- $pods := int .Values.replicaCount -}}
{{- if $hpa.enabled }}{{ $pods = int $hpa.minReplicas }}{{ end -}}
{{- if $keda.enabled }}{{ $pods = int $keda.minReplicaCount }}{{ end -}}
{{- with .Values.podDisruptionBudget -}}
{{- if .enabled -}}
{{- $kept := kindIs "invalid" .minAvailable | ternary "" .minAvailable | toString -}}
{{- $keptPods := int (trimSuffix "%" $kept) -}}
{{- /* Kubernetes rounds a share up. */}}
{{- if hasSuffix "%" $kept }}{{ $keptPods = div (add (mul $keptPods $pods) 99) 100 | int }}{{ end -}}
{{- if and $keptPods (ge $keptPods $pods) }}{{ $problems = append $problems (printf "podDisruptionBudget.minAvailable is %s with %d pods: no node could ever be drained; use podDisruptionBudget.maxUnavailable" $kept $pods) }}{{ end -}}
{{- $away := kindIs "invalid" .maxUnavailable | ternary "" .maxUnavailable | toString -}}
{{- if and (not $kept) (not $away) }}{{ $problems = append $problems "podDisruptionBudget.maxUnavailable is required, unless podDisruptionBudget.minAvailable is given" }}{{ end -}}
{{- if and (not $kept) (has $away (list "0" "0%")) }}{{ $problems = append $problems "podDisruptionBudget.maxUnavailable is 0: no node could ever be drained" }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "tiktok-sync.problems.optional" -}}
{{- $problems := list -}}
{{- with .Values.metrics -}}
{{- if and .podMonitor.enabled .serviceMonitor.enabled }}{{ $problems = append $problems "metrics.podMonitor.enabled and metrics.serviceMonitor.enabled exclude each other: everything would be counted twice" }}{{ end -}}
{{- range $name, $monitor := pick . "podMonitor" "serviceMonitor" -}}
{{- if and .enabled .interval .scrapeTimeout -}}
{{- if gt (include "tiktok-sync.prometheusMilliseconds" .scrapeTimeout | int64) (include "tiktok-sync.prometheusMilliseconds" .interval | int64) }}{{ $problems = append $problems (printf "metrics.%s.scrapeTimeout is %s, longer than metrics.%s.interval, %s: Prometheus would not take the monitor" $name .scrapeTimeout $name .interval) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- with .prometheusRule -}}
{{- $names := include "tiktok-sync.alertNames" (list $ "") | fromJsonArray -}}
{{- $optional := include "tiktok-sync.alertNames" (list $ "optional") | fromJsonArray -}}
{{- range .disabled }}{{ if not (has . $names) }}{{ $problems = append $problems (printf "metrics.prometheusRule.disabled: there is no alert %s" .) }}{{ end }}{{ end -}}
{{- range keys .overrides }}{{ if not (has . $names) }}{{ $problems = append $problems (printf "metrics.prometheusRule.overrides: there is no alert %s" .) }}{{ end }}{{ end -}}
{{- range .optIn }}{{ if not (has . $optional) }}{{ $problems = append $problems (printf "metrics.prometheusRule.optIn: there is no optional alert %s; they are %s" . (join ", " $optional)) }}{{ end }}{{ end -}}
{{- end -}}
{{- end -}}
{{- with .Values.topics -}}
{{- if and (eq .create "strimzi") (not .strimzi.cluster) }}{{ $problems = append $problems "topics.strimzi.cluster is required with topics.create strimzi: the name of the Kafka object" }}{{ end -}}
{{- if and .exclude (eq .create "job") }}{{ $problems = append $problems "topics.exclude has no effect with topics.create job: `topics ensure` creates what is missing and leaves what exists alone" }}{{ end -}}
{{- if and (eq .create "strimzi") $.Values.existingConfigMap }}{{ $problems = append $problems "topics.create strimzi needs the topics' names in config; with existingConfigMap use job or none" }}{{ end -}}
{{- end -}}
{{- if and .Values.networkPolicy.enabled .Values.existingConfigMap -}}
{{- range list "kafka" "registry" "redis" "tiktok" }}{{ if not (get $.Values.networkPolicy .).ports }}{{ $problems = append $problems (printf "networkPolicy.%s.ports is required with existingConfigMap, whose addresses the chart does not see" .) }}{{ end }}{{ end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
