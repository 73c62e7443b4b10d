{{- /* What each service is: facts of the product, which no value changes. */}}

{{- /*
command    what its container runs
grpc       gRPC services that it answers; the first one stands for it in probes
called     false where it answers no caller, only probes and metrics
calls      the service next in line: policy -> accounts -> detector
databases  databases that it opens
broker     whether it takes activities from NATS, or sends events there
*/}}
{{- define "truepen.facts" -}}
suite:
  command: [truepen, serve]
  grpc:
    - truepen.policy.v1.EnforcementService
    - truepen.accounts.v1.AccountsService
    - truepen.detector.v1.DetectorService
  called: true
  databases: [accounts, policy]
  broker: true
detector:
  command: [python, -m, services.detector]
  grpc: [truepen.detector.v1.DetectorService]
  called: true
  databases: []
accounts:
  command: [python, -m, services.accounts]
  grpc: [truepen.accounts.v1.AccountsService]
  called: true
  calls: detector
  databases: [accounts]
  broker: true
policy:
  command: [python, -m, services.policy]
  grpc: [truepen.policy.v1.EnforcementService]
  called: true
  calls: accounts
  databases: [policy]
worker:
  command: [python, -m, services.policy]
  grpc: [truepen.policy.v1.EnforcementService]
  called: false
  calls: accounts
  databases: [policy]
  broker: true
{{- end -}}

{{- /* Names of the services of this mode, as a JSON list. */}}
{{- define "truepen.names" -}}
{{- if eq .Values.mode "single" -}}
["suite"]
{{- else -}}
["detector", "accounts", "policy", "worker"]
{{- end -}}
{{- end -}}

{{- /* (root, name): the facts and the values of a service, in one. */}}
{{- define "truepen.service" -}}
{{- $root := first . -}}
{{- $name := last . -}}
{{- $values := mergeOverwrite (deepCopy $root.Values.defaults) (deepCopy (index $root.Values.services $name)) -}}
{{- $facts := index (include "truepen.facts" $root | fromYaml) $name -}}
{{- toYaml (merge $facts $values) -}}
{{- end -}}

{{- /* Whether the rows are in SQLite on a volume: "true" or nothing. */}}
{{- define "truepen.sqlite" -}}
{{- if eq .Values.database.engine "sqlite" }}true{{ end -}}
{{- end -}}

{{- /* (root, name): whether it reaches NATS: "true" or nothing. */}}
{{- define "truepen.nats" -}}
{{- $service := include "truepen.service" . | fromYaml -}}
{{- if and $service.broker (first .).Values.nats.url }}true{{ end -}}
{{- end -}}
