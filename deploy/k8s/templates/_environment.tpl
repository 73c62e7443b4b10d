{{- /* Environment of the containers. Processes refuse variables they do not know. */}}

{{- /* A value as the process reads it: 1000000, never 1e+06; false and 0 stay. */}}
{{- define "truepen.scalar" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}
{{- printf "%.0f" . -}}
{{- else -}}
{{- toString . -}}
{{- end -}}
{{- end -}}

{{- /* (root, variable, key): a key, and the one that replaces it or that it replaces. */}}
{{- define "truepen.keyVariables" -}}
{{- $secrets := (index . 0).Values.secrets -}}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef:
      name: {{ $secrets.existingSecret }}
      key: {{ index $secrets.keys (index . 2) }}
- name: {{ index . 1 }}_OTHER
  valueFrom:
    secretKeyRef:
      name: {{ $secrets.existingSecret }}
      key: {{ index $secrets.keys (printf "%sOther" (index . 2)) }}
      optional: true
{{- end -}}

{{- define "truepen.target" -}}
{{- $root := first . -}}
dns:///{{ include "truepen.dnsName" . }}:{{ $root.Values.ports.grpc }}
{{- end -}}

{{- /* What the chart itself sets, as a map; `config` must not. */}}
{{- define "truepen.plainVariables" -}}
{{- $root := first . -}}
{{- $name := last . -}}
{{- $values := $root.Values -}}
{{- $service := include "truepen.service" . | fromYaml -}}
TRUEPEN_HOST: "[::]"
TRUEPEN_PORT: {{ $values.ports.grpc | quote }}
TRUEPEN_HEALTH_PORT: {{ $values.ports.health | quote }}
TRUEPEN_METRICS_PORT: {{ $values.ports.metrics | quote }}
TRUEPEN_DATA_DIR: /var/lib/truepen
TRUEPEN_LOG_FORMAT: json
TRUEPEN_GRACE_S: {{ $values.drain.graceSeconds | quote }}
TRUEPEN_MAX_CONNECTION_AGE_S: {{ $values.maxConnectionAgeSeconds | quote }}
TRUEPEN_TRUST_LOOPBACK: {{ $values.trustLoopback | quote }}
{{- if eq $values.tls.mode "none" }}
TRUEPEN_INSECURE: "true"
{{- else }}
TRUEPEN_TLS_CERT: /etc/truepen/tls/tls.crt
TRUEPEN_TLS_KEY: /etc/truepen/tls/tls.key
TRUEPEN_TLS_CA: /etc/truepen/tls/ca.crt
{{- end }}
TRUEPEN_ACCESS_FILE: /etc/truepen/access/access.yaml
{{- if and (include "truepen.bearer" $root) (ne $values.tls.mode "none") }}
TRUEPEN_BEARER_PORT: {{ $values.ports.bearer | quote }}
{{- end }}
{{- if include "truepen.showsToken" . }}
TRUEPEN_BEARER_FILE: /var/run/secrets/truepen/token
{{- end }}
{{- if not (include "truepen.sqlite" $root) }}
{{- range $service.databases }}
{{ include "truepen.databaseVariables" (list . $service.databasePool) }}
{{- end }}
{{- end }}
{{- if include "truepen.nats" . }}
TRUEPEN_NATS_URL: {{ $values.nats.url | quote }}
{{- with $values.nats.domain }}
TRUEPEN_NATS_DOMAIN: {{ . | quote }}
{{- end }}
{{- if $values.nats.credentials.existingSecret }}
TRUEPEN_NATS_CREDENTIALS: /etc/truepen/nats/user.creds
{{- end }}
{{- if $values.nats.ca.configMap }}
TRUEPEN_NATS_CA: /etc/truepen/nats/ca.crt
{{- end }}
{{- end }}
{{- with $values.tracing.endpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
OTEL_SERVICE_NAME: {{ include "truepen.name" (list $root $name) }}
OTEL_RESOURCE_ATTRIBUTES: {{ printf "k8s.namespace.name=%s" $root.Release.Namespace }}
OTEL_TRACES_SAMPLER: parentbased_traceidratio
OTEL_TRACES_SAMPLER_ARG: {{ include "truepen.scalar" $values.tracing.ratio | quote }}
{{- end }}
{{- with $service.calls }}
TRUEPEN_{{ ternary "ACCOUNTS_DETECTOR" "POLICY_ACCOUNTS" (eq . "detector") }}_TARGET: {{ include "truepen.target" (list $root .) }}
{{- end }}
{{- if has $name (list "policy" "worker") }}
TRUEPEN_POLICY_WORKER: {{ eq $name "worker" | quote }}
{{- end }}
{{- end -}}

{{- /* (root, name): faults of `config`, one a line; a process knows only its own. */}}
{{- define "truepen.configFaults" -}}
{{- $root := first . -}}
{{- $name := last . -}}
{{- $own := include "truepen.plainVariables" . | fromYaml -}}
{{- $service := include "truepen.service" . | fromYaml -}}
{{- $known := ternary "policy" $name (eq $name "worker") -}}
{{- range $variable, $value := mergeOverwrite (deepCopy $root.Values.config) (default dict $service.config) -}}
{{- if hasKey $own $variable }}
config: {{ $variable }} is set by the chart; the README tells the value that decides it
{{- else if ne $name "suite" -}}
{{- range $other := list "detector" "accounts" "policy" -}}
{{- if and (ne $other $known) (hasPrefix (printf "TRUEPEN_%s_" (upper $other)) $variable) }}
config: {{ $variable }} is not known to {{ $name }}; set it in services.{{ $other }}.config
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "truepen.environment" -}}
{{- $root := first . -}}
{{- $name := last . -}}
{{- $service := include "truepen.service" . | fromYaml -}}
{{- $own := include "truepen.plainVariables" . | fromYaml -}}
{{- $config := mergeOverwrite (deepCopy $root.Values.config) (default dict $service.config) -}}
{{- range $variable, $value := $own }}
- name: {{ $variable }}
  value: {{ $value | quote }}
{{- end }}
{{- range $variable, $value := $config }}
- name: {{ $variable }}
  value: {{ include "truepen.scalar" $value | quote }}
{{- end }}
{{- if $root.Values.secrets.existingSecret }}
{{ include "truepen.keyVariables" (list $root "TRUEPEN_TOKEN_KEY" "tokenKey") }}
{{- if has "accounts" $service.databases }}
{{ include "truepen.keyVariables" (list $root "TRUEPEN_ACCOUNTS_FINGERPRINT_KEY" "fingerprintKey") }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* (database, pool): how a service reaches its database. */}}
{{- define "truepen.databaseVariables" -}}
{{- $prefix := printf "TRUEPEN_%s_DATABASE" (upper (first .)) -}}
{{- $pool := last . -}}
{{ include "truepen.databaseVariable" (first .) }}
{{ $prefix }}_THREADS: {{ include "truepen.scalar" $pool.size | quote }}
{{ $prefix }}_OVERFLOW: {{ include "truepen.scalar" $pool.overflow | quote }}
{{ $prefix }}_RECYCLE_S: {{ include "truepen.scalar" $pool.recycleSeconds | quote }}
{{ $prefix }}_CONNECT_TIMEOUT_S: {{ include "truepen.scalar" $pool.connectTimeoutSeconds | quote }}
{{ $prefix }}_STATEMENT_TIMEOUT_S: {{ include "truepen.scalar" $pool.statementTimeoutSeconds | quote }}
{{ $prefix }}_LOCK_TIMEOUT_S: {{ include "truepen.scalar" $pool.lockTimeoutSeconds | quote }}
{{- end -}}

{{- /* A file, which is read anew for each connection: passwords change. */}}
{{- define "truepen.databaseVariable" -}}
TRUEPEN_{{ upper . }}_DATABASE_URL_FILE: /etc/truepen/database/{{ . }}
{{- end -}}
